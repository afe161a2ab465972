# Runs at every start, before boot.py: mounts the file system in flash, and
# makes a new one if there is none. Geometry and calls are those of the rp2
# port, so that an image made for a Pico can be used here.
import replab
import vfs

flash = replab.Flash()
try:
    fs = vfs.VfsLfs2(flash, progsize=256)
except OSError:
    vfs.VfsLfs2.mkfs(flash, progsize=256)
    fs = vfs.VfsLfs2(flash, progsize=256)
vfs.mount(fs, "/")

del flash, fs, replab, vfs
