/* SPDX-License-Identifier: MIT */
/* The record: free entries, users, and mappings found by physical address. */

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "record_impl.h"
#include "support/test_random.h"

#define COUNT 40
#define PAGE UINT64_C(0x1000)

struct fixture {
	struct vmm_record record;
	struct vmm_space space;
	struct vmm_mapping pool[COUNT];
	struct vmm_mapping *linked[COUNT];
	size_t linked_count;
};

static struct fixture fixture;

static void set_up_with(struct fixture *self)
{
	vmm_va_region_t area = VMM_VA_REGION_INIT(0x10000000, 0x10000000);

	memset(self, 0, sizeof(*self));
	memset(self->pool, 0x5a, sizeof(self->pool));
	assert_int_equal(vmm_space_init(&self->space, area, NULL), VMM_OK);
	vmm_record_init_(&self->record, self->pool, COUNT);
}

static int set_up(void **state)
{
	set_up_with(&fixture);
	*state = &fixture;
	return 0;
}

/* Whether free entries and tree hold together. */
static bool is_sound(const struct fixture *self)
{
	return vmm_record_is_sound_(&self->record, self->linked_count,
				    COUNT - self->linked_count - self->record.free_count,
				    self->linked_count);
}

static struct vmm_mapping *add(struct fixture *self, uint64_t pa, uint64_t page_count)
{
	struct vmm_mapping *mapping = vmm_record_take_(&self->record, "some", VMM_MAPPING_PLAIN);
	struct vmm_want want = { .size = page_count * PAGE };
	struct vmm_link_ *above;

	assert_non_null(mapping);
	assert_int_equal(vmm_space_reserve(&self->space, &want, &mapping->range), VMM_OK);
	mapping->pa = pa;
	if (vmm_record_seek_(&self->record, pa, pa + (page_count * PAGE - 1), &above) == NULL) {
		/* The place that was found on the way is as good as looking for it anew. */
		vmm_record_link_below_(&self->record, mapping, above);
	} else {
		vmm_record_link_(&self->record, mapping);
	}
	self->linked[self->linked_count] = mapping;
	self->linked_count++;
	return mapping;
}

static void remove_nth(struct fixture *self, size_t i)
{
	struct vmm_mapping *mapping = self->linked[i];

	vmm_record_unlink_(&self->record, mapping);
	vmm_space_release(&self->space, &mapping->range);
	vmm_record_put_(&self->record, mapping);
	self->linked_count--;
	self->linked[i] = self->linked[self->linked_count];
}

static void entries_are_taken_in_order_and_the_last_one_back_first(void **state)
{
	struct fixture *self = *state;
	struct vmm_mapping *first = vmm_record_take_(&self->record, "a", VMM_MAPPING_GUARD);
	struct vmm_mapping *second = vmm_record_take_(&self->record, NULL, VMM_MAPPING_PLAIN);

	assert_ptr_equal(first, &self->pool[0]);
	assert_ptr_equal(second, &self->pool[1]);
	assert_string_equal(vmm_mapping_name(first), "a");
	assert_string_equal(vmm_mapping_name(second), "");
	assert_int_equal(vmm_mapping_kind(first), VMM_MAPPING_GUARD);
	assert_int_equal(vmm_mapping_user_count(first), 1);
	vmm_record_put_(&self->record, first);
	assert_ptr_equal(vmm_record_take_(&self->record, "b", VMM_MAPPING_PLAIN), first);
}

static void the_last_one_and_the_last_two_are_told(void **state)
{
	struct fixture *self = *state;

	for (size_t left = COUNT; left > 0; left--) {
		assert_true(vmm_record_has_free_(&self->record, 1));
		assert_int_equal(vmm_record_has_free_(&self->record, 2), left > 1);
		assert_ptr_equal(vmm_record_take_(&self->record, "x", VMM_MAPPING_PLAIN),
				 &self->record.pool[COUNT - left]);
	}
	assert_false(vmm_record_has_free_(&self->record, 1));
	assert_false(vmm_record_has_free_(&self->record, 2));
	assert_int_equal(self->record.free_count, 0);
}

static void a_guard_has_no_physical_memory(void **state)
{
	struct fixture *self = *state;
	struct vmm_mapping *mapping = add(self, 3 * PAGE, 2);

	assert_int_equal(vmm_pa_region_size(vmm_mapping_pa(mapping)), 2 * PAGE);
	mapping->kind = VMM_MAPPING_GUARD;
	assert_true(vmm_pa_region_is_empty(vmm_mapping_pa(mapping)));
	assert_int_equal(vmm_mapping_pa(mapping).bytes.start, 0);
}

static struct vmm_mapping *add_user(struct fixture *self, struct vmm_mapping *mapping,
				    const char *name)
{
	struct vmm_mapping *user = vmm_record_take_(&self->record, name, VMM_MAPPING_MMIO);

	assert_non_null(user);
	vmm_record_add_user_(mapping, user);
	return user;
}

static void assert_users(const struct vmm_mapping *mapping, const char *names)
{
	const struct vmm_mapping *user;
	char text[32] = "";

	for (user = mapping; user != NULL; user = vmm_mapping_next_user(mapping, user)) {
		strcat(text, vmm_mapping_name(user));
	}
	assert_string_equal(text, names);
	assert_int_equal(vmm_mapping_user_count(mapping), strlen(names));
}

static void users_are_listed_in_the_order_of_arrival(void **state)
{
	struct fixture *self = *state;
	struct vmm_mapping *mapping = add(self, 0, 1);

	mapping->name = "a";
	assert_users(mapping, "a");
	add_user(self, mapping, "b");
	assert_users(mapping, "ab");
	add_user(self, mapping, "c");
	add_user(self, mapping, "d");
	assert_users(mapping, "abcd");
}

static void any_user_can_go_first(void **state)
{
	struct fixture *self = *state;
	static const char *const orders[] = { "abcd", "dcba", "bdac", "cabd", "acbd", "dabc" };

	for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
		struct vmm_mapping *mapping = add(self, 0, 1);
		char left[8] = "abcd";
		char name[2] = "";

		mapping->name = "a";
		add_user(self, mapping, "b");
		add_user(self, mapping, "c");
		add_user(self, mapping, "d");
		for (size_t k = 0; k < 3; k++) {
			char *gone = strchr(left, orders[i][k]);
			struct vmm_mapping *entry;

			name[0] = orders[i][k];
			entry = vmm_record_drop_user_(mapping, name);
			assert_non_null(entry);
			assert_ptr_not_equal(entry, mapping);
			vmm_record_put_(&self->record, entry);
			memmove(gone, gone + 1, strlen(gone));
			assert_users(mapping, left);
			assert_null(vmm_record_drop_user_(mapping, name));
		}
		assert_ptr_equal(vmm_record_drop_user_(mapping, left), mapping);
		remove_nth(self, self->linked_count - 1);
		assert_true(is_sound(self));
	}
}

static void names_are_compared_by_text_and_whole(void **state)
{
	struct fixture *self = *state;
	struct vmm_mapping *mapping = add(self, 0, 1);
	char name[] = "PL011 UART";

	mapping->name = "PL011 UART";
	assert_null(vmm_record_drop_user_(mapping, "PL011"));
	assert_null(vmm_record_drop_user_(mapping, "PL011 UART 2"));
	assert_null(vmm_record_drop_user_(mapping, NULL));
	assert_ptr_equal(vmm_record_drop_user_(mapping, name), mapping);
}

/* The mappings that overlap, by looking at all; lowest physical, then virtual start first. */
static size_t find_all(const struct fixture *self, uint64_t first, uint64_t last,
		       struct vmm_mapping **found)
{
	size_t count = 0;

	for (size_t i = 0; i < self->linked_count; i++) {
		struct vmm_mapping *mapping = self->linked[i];
		size_t at = count;

		if (mapping->pa > last || mapping->pa_last < first) {
			continue;
		}
		while (at > 0 && (found[at - 1]->pa > mapping->pa ||
				  (found[at - 1]->pa == mapping->pa &&
				   found[at - 1]->range.start > mapping->range.start))) {
			found[at] = found[at - 1];
			at--;
		}
		found[at] = mapping;
		count++;
	}
	return count;
}

static void assert_finds_all(const struct fixture *self, uint64_t first, uint64_t last)
{
	struct vmm_mapping *expected[COUNT];
	size_t count = find_all(self, first, last, expected);
	const struct vmm_mapping *mapping = vmm_record_first_at_(&self->record, first, last);

	for (size_t i = 0; i < count; i++) {
		assert_ptr_equal(mapping, expected[i]);
		mapping = vmm_record_next_at_(mapping, first, last);
	}
	assert_null(mapping);
}

static void overlaps_are_found_as_by_looking_at_all(void **state)
{
	struct fixture *self = *state;
	struct test_random random;

	test_random_init(&random, "record");
	for (uint64_t step = 0; step < test_random_steps(20000); step++) {
		uint64_t first = test_random_below(&random, 40) * PAGE;
		uint64_t last = first + PAGE * (1 + test_random_below(&random, 4)) - 1;

		if (self->record.free_count == 0 ||
		    (self->linked_count > 0 && test_random_one_in(&random, 2))) {
			remove_nth(self, test_random_below(&random, self->linked_count));
		} else {
			add(self, test_random_below(&random, 40) * PAGE,
			    1 + test_random_below(&random, test_random_one_in(&random, 5) ? 30 : 4));
		}
		assert_true(is_sound(self));
		assert_finds_all(self, first, last);
		/* Where one mapping ends, and the next may begin. */
		assert_finds_all(self, last, last);
		assert_finds_all(self, last, last + 1);
		assert_finds_all(self, first, first);
	}
	assert_finds_all(self, 0, UINT64_MAX);
}

static void memory_at_the_end_of_the_physical_space_is_found(void **state)
{
	struct fixture *self = *state;
	struct vmm_mapping *mapping = add(self, 0 - 2 * PAGE, 2);

	add(self, 0, 1);
	assert_int_equal(mapping->pa_last, UINT64_MAX);
	assert_ptr_equal(vmm_record_first_at_(&self->record, UINT64_MAX, UINT64_MAX), mapping);
	assert_finds_all(self, 0, 0);
	assert_finds_all(self, 1, UINT64_MAX);
}

static void all_are_visited_in_physical_order(void **state)
{
	struct fixture *self = *state;
	const struct vmm_mapping *mapping;
	uint64_t pa = 0;
	size_t count = 0;

	assert_null(vmm_record_lowest_(&self->record));
	for (uint64_t i = 0; i < COUNT; i++) {
		add(self, (i * 7 % COUNT) * PAGE, 1);
	}
	for (mapping = vmm_record_lowest_(&self->record); mapping != NULL;
	     mapping = vmm_record_above_(mapping)) {
		assert_int_equal(mapping->pa, pa);
		pa += PAGE;
		count++;
	}
	assert_int_equal(count, COUNT);
}

static void assert_tree_matters(struct fixture *self, struct vmm_link_ **pointer,
				struct vmm_link_ *wrong)
{
	struct vmm_link_ *saved = *pointer;

	*pointer = wrong;
	assert_false(is_sound(self));
	*pointer = saved;
}

/* An entry that is none of the array, in the place of one that is. */
static void assert_stranger_matters(struct fixture *self)
{
	struct vmm_mapping stranger = *self->linked[0];
	struct vmm_link_ *link = &self->linked[0]->by_pa;
	struct vmm_link_ *parent = (struct vmm_link_ *)(link->parent & ~(uintptr_t)1);
	struct vmm_link_ **pointer = &parent->child[parent->child[1] == link];

	assert_null(link->child[0]);
	assert_null(link->child[1]);
	assert_tree_matters(self, pointer, &stranger.by_pa);
}

static void damage_is_noticed(void **state)
{
	static struct vmm_mapping elsewhere;
	struct fixture *self = *state;
	struct vmm_mapping *mapping;

	for (uint64_t i = 0; i < 12; i++) {
		mapping = add(self, i * 2 * PAGE, 3);
	}
	mapping = self->linked[5];
	assert_true(is_sound(self));
	mapping->pa_bound++;
	assert_false(is_sound(self));
	mapping->pa_bound--;
	mapping->pa += 4 * PAGE;
	assert_false(is_sound(self));
	mapping->pa -= 4 * PAGE;
	self->record.mapped_count--;
	assert_false(is_sound(self));
	self->record.mapped_count++;
	self->record.free_count++;
	assert_false(is_sound(self));
	self->record.free_count--;
	self->pool[20].users = &self->pool[13];
	assert_false(is_sound(self));
	self->pool[20].users = &self->pool[21];
	assert_true(is_sound(self));
	self->record.free->user_count = 1;
	assert_false(is_sound(self));
	self->record.free->user_count = 0;
	assert_true(is_sound(self));
	/* The chain of free entries leads out of the array, or to one that is in use. */
	self->pool[20].users = &elsewhere;
	assert_false(is_sound(self));
	self->pool[20].users = self->linked[3];
	assert_false(is_sound(self));
	/* As many as there should be, but the last is a stranger. */
	self->pool[20].users = &self->pool[21];
	assert_null(self->pool[COUNT - 1].users);
	self->pool[COUNT - 2].users = &elsewhere;
	assert_false(is_sound(self));
	self->pool[COUNT - 2].users = &self->pool[COUNT - 1];
	assert_true(is_sound(self));
	self->pool[20].users = NULL;
	assert_false(is_sound(self));
	self->pool[20].users = &self->pool[21];
	/* The tree leads out of the array, or in a circle, or ends too early. */
	assert_tree_matters(self, &mapping->by_pa.child[0], &elsewhere.by_pa);
	assert_stranger_matters(self);
	/* Totals that do not add up. */
	assert_false(vmm_record_is_sound_(&self->record, self->linked_count, 1,
					  self->linked_count));
	assert_tree_matters(self, &mapping->by_pa.child[0], &mapping->by_pa);
	assert_tree_matters(self, &self->record.by_pa, NULL);
	assert_true(is_sound(self));
}

static void only_entries_of_the_array_are_its_own(void **state)
{
	struct fixture *self = *state;

	assert_true(vmm_record_has_(&self->record, &self->pool[0]));
	assert_true(vmm_record_has_(&self->record, &self->pool[COUNT - 1]));
	assert_false(vmm_record_has_(&self->record, &self->pool[COUNT]));
	assert_false(vmm_record_has_(&self->record, (const char *)&self->pool[1] + 8));
	assert_false(vmm_record_has_(&self->record, NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(entries_are_taken_in_order_and_the_last_one_back_first, set_up),
		cmocka_unit_test_setup(the_last_one_and_the_last_two_are_told, set_up),
		cmocka_unit_test_setup(a_guard_has_no_physical_memory, set_up),
		cmocka_unit_test_setup(users_are_listed_in_the_order_of_arrival, set_up),
		cmocka_unit_test_setup(any_user_can_go_first, set_up),
		cmocka_unit_test_setup(names_are_compared_by_text_and_whole, set_up),
		cmocka_unit_test_setup(overlaps_are_found_as_by_looking_at_all, set_up),
		cmocka_unit_test_setup(memory_at_the_end_of_the_physical_space_is_found, set_up),
		cmocka_unit_test_setup(all_are_visited_in_physical_order, set_up),
		cmocka_unit_test_setup(damage_is_noticed, set_up),
		cmocka_unit_test_setup(only_entries_of_the_array_are_its_own, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
