/* SPDX-License-Identifier: MIT */
/* The three granules of VMSAv8-64, each the engine with one row of aarch64_codec.h. */

#include <vmm/aarch64.h>
#include <vmm/engine.h>

#include "aarch64_codec.h"

VMM_FORMAT_DEFINE(vmm_aarch64_4k, aarch64_codec_4k)
VMM_FORMAT_DEFINE(vmm_aarch64_16k, aarch64_codec_16k)
VMM_FORMAT_DEFINE(vmm_aarch64_64k, aarch64_codec_64k)
