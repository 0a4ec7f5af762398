/* SPDX-License-Identifier: MIT */
/*
 * What no format can mean otherwise. Contract: attr.h.
 */

#include <vmm/attr.h>

static bool is_defined(vmm_attr_t attr)
{
	return (attr.bits & ~VMM_ATTR_ALL) == 0 && vmm_attr_mem(attr) <= VMM_MEM_PLATFORM &&
	       vmm_attr_exec(attr) <= VMM_EXEC_USER;
}

enum vmm_err vmm_attr_check(vmm_attr_t attr, bool allow_wx)
{
	enum vmm_exec exec = vmm_attr_exec(attr);

	if (!is_defined(attr)) {
		return VMM_ERR_ATTR;
	}
	if (exec == VMM_EXEC_USER && !vmm_attr_has(attr, VMM_ATTR_USER)) {
		return VMM_ERR_ATTR;
	}
	if (exec == VMM_EXEC_NEVER) {
		return VMM_OK;
	}
	/* A CPU may fetch ahead from what it may execute, and reading a device has effects. */
	if (vmm_attr_is_device(attr)) {
		return VMM_ERR_ATTR;
	}
	return vmm_attr_has(attr, VMM_ATTR_WRITE) && !allow_wx ? VMM_ERR_WX : VMM_OK;
}
