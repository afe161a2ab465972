// SPDX-License-Identifier: MIT
//
// The replab module: Flash, the block device below the file system. It follows
// the extended interface of vfs.AbstractBlockDev, as rp2.Flash does.

#include <string.h>
#include "py/mperrno.h"
#include "py/mphal.h"
#include "py/runtime.h"
#include "extmod/vfs.h"

#define BLOCK_BYTES MICROPY_HW_FLASH_BLOCK_BYTES

// From the linker script.
extern uint8_t _fs_start[], _fs_end[];
#define FLASH_BYTES ((size_t)(_fs_end - _fs_start))

typedef struct _replab_flash_obj_t {
    mp_obj_base_t base;
} replab_flash_obj_t;

static const mp_obj_type_t replab_flash_type;
static const replab_flash_obj_t replab_flash_obj = { { &replab_flash_type } };

static mp_obj_t replab_flash_make_new(const mp_obj_type_t *type, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    mp_arg_check_num(n_args, n_kw, 0, 0, false);
    return MP_OBJ_FROM_PTR(&replab_flash_obj);
}

// Address of `length` bytes at `offset` in block `block_in`, if all of them are
// in the device and at places that the chip can write.
static uint8_t *find_place(mp_obj_t block_in, mp_int_t offset, size_t length) {
    mp_int_t block = mp_obj_get_int(block_in);
    size_t block_count = FLASH_BYTES / BLOCK_BYTES;
    if (block < 0 || (size_t)block >= block_count || offset < 0 || offset > BLOCK_BYTES) {
        mp_raise_OSError(MP_EINVAL);
    }
    size_t start = (size_t)block * BLOCK_BYTES + offset;
    if (length > FLASH_BYTES - start) {
        mp_raise_OSError(MP_EINVAL);
    }
    return _fs_start + start;
}

static mp_obj_t replab_flash_readblocks(size_t n_args, const mp_obj_t *args) {
    mp_buffer_info_t buffer;
    mp_get_buffer_raise(args[2], &buffer, MP_BUFFER_WRITE);
    mp_int_t offset = n_args == 4 ? mp_obj_get_int(args[3]) : 0;
    memcpy(buffer.buf, find_place(args[1], offset, buffer.len), buffer.len);
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(replab_flash_readblocks_obj, 3, 4, replab_flash_readblocks);

// Without an offset whole blocks are replaced; with one the caller has erased.
static mp_obj_t replab_flash_writeblocks(size_t n_args, const mp_obj_t *args) {
    mp_buffer_info_t buffer;
    mp_get_buffer_raise(args[2], &buffer, MP_BUFFER_READ);
    mp_int_t offset = n_args == 4 ? mp_obj_get_int(args[3]) : 0;
    size_t unit = n_args == 4 ? MCU_FLASH_WRITE_UNIT : BLOCK_BYTES;
    if (buffer.len % unit != 0 || offset % MCU_FLASH_WRITE_UNIT != 0) {
        mp_raise_OSError(MP_EINVAL);
    }
    uintptr_t place = (uintptr_t)find_place(args[1], offset, buffer.len);
    if (n_args == 3) {
        mcu_flash_erase(place, buffer.len);
    }
    mcu_flash_write(place, buffer.buf, buffer.len);
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(replab_flash_writeblocks_obj, 3, 4, replab_flash_writeblocks);

static mp_obj_t replab_flash_ioctl(mp_obj_t self_in, mp_obj_t request, mp_obj_t arg) {
    switch (mp_obj_get_int(request)) {
        case MP_BLOCKDEV_IOCTL_INIT:
        case MP_BLOCKDEV_IOCTL_DEINIT:
        case MP_BLOCKDEV_IOCTL_SYNC:
            return MP_OBJ_NEW_SMALL_INT(0);
        case MP_BLOCKDEV_IOCTL_BLOCK_COUNT:
            return MP_OBJ_NEW_SMALL_INT(FLASH_BYTES / BLOCK_BYTES);
        case MP_BLOCKDEV_IOCTL_BLOCK_SIZE:
            return MP_OBJ_NEW_SMALL_INT(BLOCK_BYTES);
        case MP_BLOCKDEV_IOCTL_BLOCK_ERASE:
            mcu_flash_erase((uintptr_t)find_place(arg, 0, BLOCK_BYTES), BLOCK_BYTES);
            return MP_OBJ_NEW_SMALL_INT(0);
        default:
            return mp_const_none;
    }
}
static MP_DEFINE_CONST_FUN_OBJ_3(replab_flash_ioctl_obj, replab_flash_ioctl);

static const mp_rom_map_elem_t replab_flash_locals_dict_table[] = {
    { MP_ROM_QSTR(MP_QSTR_readblocks), MP_ROM_PTR(&replab_flash_readblocks_obj) },
    { MP_ROM_QSTR(MP_QSTR_writeblocks), MP_ROM_PTR(&replab_flash_writeblocks_obj) },
    { MP_ROM_QSTR(MP_QSTR_ioctl), MP_ROM_PTR(&replab_flash_ioctl_obj) },
};
static MP_DEFINE_CONST_DICT(replab_flash_locals_dict, replab_flash_locals_dict_table);

static MP_DEFINE_CONST_OBJ_TYPE(
    replab_flash_type,
    MP_QSTR_Flash,
    MP_TYPE_FLAG_NONE,
    make_new, replab_flash_make_new,
    locals_dict, &replab_flash_locals_dict
    );

static const mp_rom_map_elem_t replab_module_globals_table[] = {
    { MP_ROM_QSTR(MP_QSTR___name__), MP_ROM_QSTR(MP_QSTR_replab) },
    { MP_ROM_QSTR(MP_QSTR_Flash), MP_ROM_PTR(&replab_flash_type) },
};
static MP_DEFINE_CONST_DICT(replab_module_globals, replab_module_globals_table);

const mp_obj_module_t replab_module = {
    .base = { &mp_type_module },
    .globals = (mp_obj_dict_t *)&replab_module_globals,
};
MP_REGISTER_MODULE(MP_QSTR_replab, replab_module);
