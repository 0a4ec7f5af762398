/* SPDX-License-Identifier: MIT */
/*
 * What is mapped, and what tables are made of.
 */

#include "torture.h"

#include "../common/user.h"

#define POOL_PAGES  4096
#define POOL_BYTES  (UINT64_C(64) << 20)
#define FRAME_COUNT 192

struct pool pool;

void *take_memory(struct kernel *kernel, const char *name, uint64_t size, uint64_t *pa)
{
	uint64_t page_size = vmm_table_page_size(kernel->table);
	vmm_pa_region_t ram = kernel_take_ram((size + page_size - 1) / page_size);
	struct vmm_detail detail = {.level = -1};
	uint64_t *words;
	vmm_va_t va;

	kernel_require(name,
		       vmm_map_any(&kernel->vmm, name, ram, VMM_KERNEL_RW, NULL, &va, &detail),
		       &detail);
	words = vmm_va_ptr(va);
	*pa = vmm_pa_raw(vmm_pa_region_start(ram));
	return words;
}

bool pool_has(uint64_t pa)
{
	return pa - pool.pa < pool.size;
}

/* Every bit of the page's number matters for many bits of the word. */
uint64_t pool_id(uint64_t pa)
{
	uint64_t word = (pa >> pool.page_shift) * UINT64_C(0x9e3779b97f4a7c15);

	return word ^ word >> 29;
}

uint64_t pool_index(uint64_t pa)
{
	return (pa - pool.pa) >> pool.page_shift;
}

volatile uint64_t *pool_word(uint64_t pa)
{
	return (volatile uint64_t *)(void *)(pool.direct + (pa - pool.pa));
}

static void write_page(uint64_t pa)
{
	uint64_t end = pa + (UINT64_C(1) << pool.page_shift) - sizeof(uint64_t);
	uint32_t code[2][2];

	*pool_word(pa + PAGE_ID) = pool_id(pa);
	*pool_word(end) = ~pool_id(pa);
	cpu_code((uint32_t)pool_index(pa), code[0], code[1]);
	*pool_word(pa + PAGE_KERNEL_CODE) = code[0][0] | (uint64_t)code[0][1] << 32;
	*pool_word(pa + PAGE_USER_CODE) = code[1][0] | (uint64_t)code[1][1] << 32;
	user_machine_publish_code((const void *)(uintptr_t)pool_word(pa + PAGE_KERNEL_CODE), 8);
	user_machine_publish_code((const void *)(uintptr_t)pool_word(pa + PAGE_USER_CODE), 8);
	cpu_clean(pool_word(pa));
	cpu_clean(pool_word(end));
	cpu_clean(pool_word(pa + PAGE_KERNEL_CODE));
	cpu_clean(pool_word(pa + PAGE_USER_CODE));
}

/* As many pages as code can tell apart, but no more memory than every board has. */
void pool_init(struct kernel *kernel)
{
	uint64_t size;

	pool.page_shift = machine_format->geometry->page_shift;
	size = (uint64_t)POOL_PAGES << pool.page_shift;
	pool.size = size < POOL_BYTES ? size : POOL_BYTES;
	pool.direct = take_memory(kernel, "Pool", pool.size, &pool.pa);
	for (uint64_t at = 0; at < pool.size; at += UINT64_C(1) << pool.page_shift) {
		write_page(pool.pa + at);
	}
}

/* --- frames of tables --- */

static struct {
	struct vmm_frames base;
	uint64_t stack[FRAME_COUNT]; /* what is free */
	uint64_t free_count;
	uint64_t limit;
	uint64_t poison;
} source;

static uint16_t counts_of_frames[FRAME_COUNT];

static enum vmm_err take_frame(struct vmm_frames *self, vmm_pa_t *frame, bool *clean)
{
	(void)self;
	if (source.limit == 0 || source.free_count == 0) {
		return VMM_ERR_NOMEM;
	}
	if (source.limit != FRAMES_NO_LIMIT) {
		source.limit--;
	}
	*frame = vmm_pa(source.stack[--source.free_count]);
	*clean = false;
	return VMM_OK;
}

static void give_frame(struct vmm_frames *self, vmm_pa_t frame, bool clean)
{
	volatile uint64_t *words = vmm_frames_ptr(self, frame);

	(void)clean;
	for (uint64_t i = 0; i < (UINT64_C(1) << self->page_shift) / sizeof(*words); i++) {
		words[i] = source.poison;
	}
	source.stack[source.free_count++] = vmm_pa_raw(frame);
}

struct vmm_frames *frames_init(struct kernel *kernel)
{
	uint64_t page_size = vmm_table_page_size(kernel->table);
	uint64_t pa;
	const uint8_t *bytes = take_memory(kernel, "Tables", FRAME_COUNT * page_size, &pa);

	source.base = (struct vmm_frames){
		.alloc = take_frame,
		.free = give_frame,
		.window = (uintptr_t)bytes - pa,
		.first = pa,
		.frame_count = FRAME_COUNT,
		.counts = counts_of_frames,
		.page_shift = machine_format->geometry->page_shift,
	};
	for (uint64_t i = 0; i < FRAME_COUNT; i++) {
		source.stack[i] = pa + i * page_size;
	}
	source.free_count = FRAME_COUNT;
	source.limit = FRAMES_NO_LIMIT;
	return &source.base;
}

void frames_poison(uint64_t descriptor)
{
	source.poison = descriptor;
}

void frames_limit(uint64_t count)
{
	source.limit = count;
}

uint64_t frames_used(void)
{
	return FRAME_COUNT - source.free_count;
}

uint64_t frames_left(void)
{
	return source.free_count;
}
