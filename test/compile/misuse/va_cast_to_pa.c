/* SPDX-License-Identifier: MIT */
/* A cast from one space to the other. */
/* must say: conversion to non-scalar type|used type .* where arithmetic or pointer type is required */

#include <vmm/addr.h>

vmm_pa_t cast(vmm_va_t va);
vmm_pa_t cast(vmm_va_t va)
{
#ifdef FIXED
	return vmm_pa(vmm_va_raw(va));
#else
	return (vmm_pa_t)va;
#endif
}
