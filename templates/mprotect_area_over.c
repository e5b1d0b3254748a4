// SPDX-License-Identifier: GPL-2.0
/* Other memory in the place of a part of the window: files, shared memory, a hole. */
#include "mprotect_state_vma.h"

#ifndef SYS_fsopen
#define SYS_fsopen		430
#define SYS_fsconfig		431
#define SYS_fsmount		432
#endif
#define CONFIG_CREATE		6	/* FSCONFIG_CMD_CREATE */
#define ATTR_NOEXEC		0x8	/* MOUNT_ATTR_NOEXEC */

/* A file of a tmpfs that nobody sees, and that forbids execution; -1: not to be had. */
static int open_no_exec(void)
{
	int fs = syscall(SYS_fsopen, "tmpfs", 0);
	int mount = -1, fd = -1;

	if (fs >= 0 && !syscall(SYS_fsconfig, fs, CONFIG_CREATE, NULL, NULL, 0))
		mount = syscall(SYS_fsmount, fs, 0, ATTR_NOEXEC);
	if (mount >= 0)
		fd = openat(mount, "window", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	close(mount);
	close(fs);
	return fd;
}

/* The same file, opened only for reading. */
static int open_for_reading(int fd)
{
	char path[32];
	int read_only;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	read_only = open(path, O_RDONLY | O_CLOEXEC);
	close(fd);
	return read_only;
}

static int open_file(struct area *area, enum area_memory memory, size_t len)
{
	bool is_no_exec = memory == MEMORY_NO_EXEC_FILE;
	int fd = is_no_exec ? open_no_exec() : (int)syscall(SYS_memfd_create, "window", 0);

	if (fd < 0 || ftruncate(fd, len))
		area_skip(area, "no file of %s: %s", is_no_exec ?
			  "a mount without execution" : "memory", strerror(errno));
	else if (memory == MEMORY_READ_ONLY_FILE)
		fd = open_for_reading(fd);
	return fd;
}

static bool map_over(struct area *area, size_t first, size_t end, enum area_memory kind)
{
	const struct vma_memory *memory = &vma_memories[kind];
	bool is_file = memory->is_file && !(memory->flags & MAP_ANONYMOUS);
	char *addr = page_addr(area, first);
	size_t len = (end - first) * psize();
	int fd = -1;

	if (kind == MEMORY_NOTHING)
		return !munmap(addr, len) ||
		       area_fail(area, "munmap: %s", strerror(errno));
	if (is_file)
		fd = open_file(area, kind, len);
	if (area_skipped(area))
		return true;
	if (mmap(addr, len, memory->prot, memory->flags | MAP_FIXED, fd, 0) != addr)
		return area_fail(area, "mmap: %s", strerror(errno));
	close(fd);
	/* As the window has it: that sets no VMA apart. */
	return memory->is_file || !read_pmd_pagesize() ||
	       area_advise(area, first, end - first, MADV_NOHUGEPAGE);
}

/* What grows down would grow into the hole below it, when that is touched. */
static bool would_grow(struct area *area, size_t first, size_t end, enum area_memory kind)
{
	const struct page *it = area->page;

	if (kind == MEMORY_NOTHING)
		return end < area->nr_pages && it[end].what != &page_outside &&
		       vma_grows(area, end);
	return vma_memories[kind].grows && first && it[first - 1].what == &page_outside;
}

static bool serve_map_over(struct area *area, const struct request *request)
{
	size_t i, first = request->range.first, end = request->range.end;
	const struct vma_memory *memory = &vma_memories[request->memory];
	bool sets_apart = memory->is_file || memory->no_reserve || memory->grows;
	struct area_state *what = memory->is_file ? &page_file :
				  request->memory == MEMORY_NOTHING ? &page_outside :
				  &page_empty;

	if (would_grow(area, first, end, request->memory))
		return area_skip(area, "memory that grows down, and a hole below it");
	if (memory->no_reserve && setting_number("/proc/sys/vm/overcommit_memory") == 2)
		return area_skip(area, "MAP_NORESERVE: vm.overcommit_memory is 2");
	/* What was there first, and before it is another thing. */
	vma_first(area, first);
	if (!map_over(area, first, end, request->memory) || area_skipped(area))
		return area_skipped(area);
	area_vma_edge(area, first);
	area_vma_edge(area, end);
	for (i = first; i < end; i++) {
		area_empty(&area->page[i], what);
		area->page[i].prot = memory->prot;
		area->page[i].had = memory->prot;
		area->page[i].vma = sets_apart ? request->memory * VMA_MEMORY : 0;
	}
	vma_place(area, first, end, request->memory);
	return true;
}

const char *area_map_over(struct area *area, enum area_range range,
			  enum area_memory memory)
{
	return area_step(area, (struct request){
		.name = "map_over", .serve = serve_map_over, .memory = memory,
		.range = area_find_range(area, range),
	});
}
