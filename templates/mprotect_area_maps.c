// SPDX-License-Identifier: GPL-2.0
/*
 * What the kernel shows of VMAs: lines of /proc/self/maps, their flags in smaps, what
 * PROCMAP_QUERY (Linux 6.11) answers, and the sums that limits are held against.
 */
#include "mprotect_state_vma.h"

#include <ctype.h>

#ifndef PROCMAP_QUERY
struct procmap_query {
	__u64 size, query_flags, query_addr, vma_start, vma_end, vma_flags, vma_page_size,
	      vma_offset, inode;
	__u32 dev_major, dev_minor, vma_name_size, build_id_size;
	__u64 vma_name_addr, build_id_addr;
};

#define PROCMAP_QUERY				_IOWR('f', 17, struct procmap_query)
#define PROCMAP_QUERY_VMA_SHARED		0x08
#define PROCMAP_QUERY_COVERING_OR_NEXT_VMA	0x10
#endif

static char text[1 << 19];	/* not from malloc(), which would map some */

static char *next_line(const char *line)
{
	line = strchr(line, '\n');
	return line ? (char *)line + 1 : NULL;
}

/* Whether a text has a line of a VMA above the window; what comes then is of no use. */
static bool is_beyond(const struct area *area, const char *line)
{
	unsigned long first, end = (uintptr_t)page_addr(area, area->nr_pages);

	for (; line && *line; line = next_line(line))
		if (!isupper(*line) && sscanf(line, "%lx-", &first) == 1 && first > end)
			return true;
	return false;
}

/* A file of VMAs, which comes in parts; as far as the window goes, or all of it. */
static bool read_text(struct area *area, const char *path, bool is_all)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t nr;

	do {
		nr = read(fd, text + len, sizeof(text) - 1 - len);
		len += nr > 0 ? nr : 0;
		text[len] = '\0';
	} while (nr > 0 && (is_all || !is_beyond(area, text + len - nr)));
	close(fd);
	text[len] = '\0';
	return len || area_fail(area, "cannot read %s", path);
}

/* A number of /proc/self/status, such as VmData in kB; -1: it is not there. */
long maps_status(const char *name)
{
	char status[4096], *line = NULL;

	if (read_file("/proc/self/status", status, sizeof(status)))
		line = strstr(status, name);
	return line ? atol(line + strlen(name)) : -1;
}

/* The rwxp of a line of maps. */
static int prot_of(const char *perms)
{
	return (perms[0] == 'r' ? PROT_READ : 0) | (perms[1] == 'w' ? PROT_WRITE : 0) |
	       (perms[2] == 'x' ? PROT_EXEC : 0);
}

/* How a VMA is told of: "12..15 rw-p [anon:window]". */
static const char *told(const struct vma_sight *vma)
{
	static char lines[2][160];
	static int which;
	char *line = lines[which ^= 1];

	snprintf(line, sizeof(lines[0]), "%zu..%zu %c%c%c%c %s (flags %#x)", vma->first,
		 vma->end - 1, vma->prot & PROT_READ ? 'r' : '-',
		 vma->prot & PROT_WRITE ? 'w' : '-', vma->prot & PROT_EXEC ? 'x' : '-',
		 vma->is_shared ? 's' : 'p', vma->name, vma->flags);
	return line;
}

static bool is_as(const struct vma_sight *seen, const struct vma_sight *must)
{
	return seen->first == must->first && seen->end == must->end &&
	       seen->prot == must->prot && seen->is_shared == must->is_shared &&
	       !strcmp(seen->name, must->name);
}

/* Holds a VMA that was seen against the next one that must be there. */
static bool compare(struct area *area, const char *where, const struct vma_sight *seen,
		    const struct vma_sight *must)
{
	return is_as(seen, must) ||
	       area_fail(area, "check_vmas: %s has a VMA %s, expected %s", where, told(seen),
			 told(must));
}

/* A VMA of the window that a line of maps or smaps is about. */
static bool read_line(const struct area *area, const char *line, struct vma_sight *vma)
{
	unsigned long first, end, addr = (uintptr_t)area->addr;
	char perms[5];
	int at = 0;

	if (sscanf(line, "%lx-%lx %4s %*x %*x:%*x %*u%n", &first, &end, perms, &at) != 3 ||
	    !at || first < addr || first >= (uintptr_t)page_addr(area, area->nr_pages))
		return false;
	*vma = (struct vma_sight){
		.first = (first - addr) / psize(), .end = (end - addr) / psize(),
		.prot = prot_of(perms), .is_shared = perms[3] == 's',
	};
	if (sscanf(line + at, "%*[ ]%63[^\n]", vma->name) == 1 && vma->name[0] == '/')
		vma->name[1] = '\0';
	return true;
}

static unsigned int flags_of(const char *line)
{
	static const char * const names[] = VMA_FLAG_NAMES;
	unsigned int flags = 0;
	size_t i;

	for (; *line && *line != '\n'; line++)
		for (i = 0; i < ARRAY_SIZE(names); i++)
			if (line[-1] == ' ' && !strncmp(line, names[i], 2))
				flags |= 1U << i;
	return flags;
}

/* smaps has the lines of maps, too, with more behind each. */
static bool check_smaps(struct area *area, const struct vma_sight *must, size_t nr)
{
	const char *start = "VmFlags: ";
	struct vma_sight seen = {};
	bool is_inside = false;
	size_t i = 0;
	char *line;

	if (!read_text(area, "/proc/self/smaps", false))
		return false;
	for (line = text; line && *line; line = next_line(line)) {
		/* What smaps has more begins with a capital letter. */
		if (is_inside && !strncmp(line, start, strlen(start))) {
			seen.flags = flags_of(line + strlen(start));
			if (seen.flags != must[i - 1].flags)
				return area_fail(area, "check_vmas: VMA %s, expected %s",
						 told(&seen), told(&must[i - 1]));
			is_inside = false;
		}
		if (isupper(*line) || !read_line(area, line, &seen))
			continue;
		is_inside = true;
		if (i == nr)
			return area_fail(area, "check_vmas: smaps has a VMA %s more",
					 told(&seen));
		if (!compare(area, "smaps", &seen, &must[i++]))
			return false;
	}
	return i == nr || area_fail(area, "check_vmas: smaps has no VMA %s", told(&must[i]));
}

/* One VMA after the other, by its address. */
static bool check_query(struct area *area, const struct vma_sight *must, size_t nr)
{
	unsigned long addr = (uintptr_t)area->addr;
	int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
	bool good = true;
	size_t i;

	for (i = 0; good && i < nr; i++) {
		struct vma_sight seen = {};
		struct procmap_query query = {
			.size = sizeof(query),
			.query_flags = PROCMAP_QUERY_COVERING_OR_NEXT_VMA,
			.query_addr = i ? addr + must[i - 1].end * psize() : addr,
			.vma_name_addr = (uintptr_t)seen.name,
			.vma_name_size = sizeof(seen.name),
		};

		/* Names that are longer are of files that somebody else has made. */
		if (ioctl(fd, PROCMAP_QUERY, &query)) {
			if (!i && errno == ENOTTY)
				break;
			good = area_fail(area, "check_vmas: PROCMAP_QUERY from page %zu on: %s",
					 i ? must[i - 1].end : 0, strerror(errno));
			break;
		}
		seen.first = (query.vma_start - addr) / psize();
		seen.end = (query.vma_end - addr) / psize();
		/* Its flags have the bits of PROT_READ, PROT_WRITE and PROT_EXEC. */
		seen.prot = query.vma_flags & (PROT_READ | PROT_WRITE | PROT_EXEC);
		seen.is_shared = query.vma_flags & PROCMAP_QUERY_VMA_SHARED;
		if (seen.name[0] == '/')
			seen.name[1] = '\0';
		good = compare(area, "PROCMAP_QUERY", &seen, &must[i]);
	}
	close(fd);
	return good;
}

/* What the process may not exceed, by the lines of maps, in kB: see vm_stat_account(). */
static bool check_sums(struct area *area, const struct vma_sight *must, size_t nr)
{
	unsigned long first, end, size = 0, data = 0;
	char perms[5], *line;
	long seen;
	size_t i;

	for (i = 0; i < nr; i++)
		if (must[i].flags & VMA_FLAG_GD && must[i].prot & PROT_WRITE)
			data -= (must[i].end - must[i].first) * psize();
	if (!read_text(area, "/proc/self/maps", true))
		return false;
	for (line = text; line && *line; line = next_line(line)) {
		if (sscanf(line, "%lx-%lx %4s", &first, &end, perms) != 3)
			continue;
		line[strcspn(line, "\n")] = '\0';
		if (!strstr(line, "[vsyscall]"))
			size += end - first;
		if (perms[1] == 'w' && perms[3] == 'p' && !strstr(line, "[stack]"))
			data += end - first;
		line[strlen(line)] = '\n';
	}
	seen = maps_status("VmSize:");
	if (seen != (long)(size >> 10))
		return area_fail(area, "check_vmas: VmSize is %ld kB, maps has %lu kB", seen,
				 size >> 10);
	seen = maps_status("VmData:");
	return seen == (long)(data >> 10) ||
	       area_fail(area, "check_vmas: VmData is %ld kB, maps has %lu kB", seen, data >> 10);
}

/* Holds what the kernel shows of the window against the VMAs that must be there. */
bool maps_check(struct area *area, const struct vma_sight *must, size_t nr)
{
	return check_smaps(area, must, nr) && check_query(area, must, nr) &&
	       check_sums(area, must, nr);
}
