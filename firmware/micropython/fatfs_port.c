// SPDX-License-Identifier: MIT
//
// What the FAT file system asks of a port: the time for its directory entries.

#include "py/mphal.h"
#include "lib/oofatfs/ff.h"
#include "shared/timeutils/timeutils.h"

DWORD get_fattime(void) {
    timeutils_struct_time_t now;
    timeutils_seconds_since_epoch_to_struct_time(mp_hal_time_s(), &now);
    return (DWORD)(now.tm_year - 1980) << 25 | now.tm_mon << 21 | now.tm_mday << 16
           | now.tm_hour << 11 | now.tm_min << 5 | now.tm_sec / 2;
}
