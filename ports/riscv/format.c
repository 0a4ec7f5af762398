/* SPDX-License-Identifier: MIT */

#include <vmm/engine.h>
#include <vmm/riscv.h>

#include "codec.h"

VMM_FORMAT_DEFINE(vmm_riscv_sv39, vmm_riscv_sv39_row_)
VMM_FORMAT_DEFINE(vmm_riscv_sv48, vmm_riscv_sv48_row_)
VMM_FORMAT_DEFINE(vmm_riscv_sv57, vmm_riscv_sv57_row_)
