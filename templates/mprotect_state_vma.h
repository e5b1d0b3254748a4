/* SPDX-License-Identifier: GPL-2.0 */
/* Where VMAs begin and end, what they may be, and what the kernel shows of them. */
#ifndef __MPROTECT_STATE_VMA_H__
#define __MPROTECT_STATE_VMA_H__

#include "mprotect_model.h"

/* What sets a VMA apart, in struct page. */
#define VMA_NAMED		VMA_ROOM(0)
#define VMA_RENAMED		VMA_ROOM(1)
#define VMA_POLICY		VMA_ROOM(2)
#define VMA_SEALED		VMA_ROOM(3)
#define VMA_UFFD		VMA_ROOM(4)
#define VMA_SECOND_UFFD		VMA_ROOM(5)	/* with the first one: another context */
#define VMA_MEMORY		VMA_ROOM(6)	/* four bits: enum area_memory */

/* A kind of memory that a VMA is of; the window is none of these. */
struct vma_memory {
	int prot, flags;	/* for mmap() */
	bool is_file, is_shared, no_write, no_exec, no_reserve, grows;
};

extern const struct vma_memory vma_memories[];
extern struct area_state page_file;

#define NO_LIMIT		-1

size_t vma_first(struct area *area, size_t page);
size_t vma_end(struct area *area, size_t page);
bool vma_grows(struct area *area, size_t page);
void vma_limit(long maps, long data);
void vma_place(struct area *area, size_t first, size_t end, enum area_memory memory);
void vma_set_exec_rule(enum area_exec_rule rule);

/* The flags of smaps that are looked at, as bits in the order of their names. */
#define VMA_FLAG_NAMES		{ "ac", "dd", "gd", "nr", "mw", "me", "sl", "uw" }

enum vma_flag {
	VMA_FLAG_AC = 0x01,	/* accounted */
	VMA_FLAG_DD = 0x02,	/* MADV_DONTDUMP */
	VMA_FLAG_GD = 0x04,	/* grows down */
	VMA_FLAG_NR = 0x08,	/* MAP_NORESERVE */
	VMA_FLAG_MW = 0x10,	/* may become writable */
	VMA_FLAG_ME = 0x20,	/* and executable */
	VMA_FLAG_SL = 0x40,	/* sealed */
	VMA_FLAG_UW = 0x80,	/* under a userfaultfd that may write-protect it */
};

/* What is seen of a VMA, or must be. */
struct vma_sight {
	size_t first, end;	/* pages of the window */
	int prot;
	bool is_shared;
	char name[64];		/* "/": that of a file */
	unsigned int flags;
};

/* mprotect_area_maps.c: what the kernel shows. */
bool maps_check(struct area *area, const struct vma_sight *must, size_t nr);
long maps_status(const char *name);

#endif /* __MPROTECT_STATE_VMA_H__ */
