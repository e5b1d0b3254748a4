/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A window of anonymous memory, and a model of each page in it.
 *
 * mprotect() changes page table entries in batches, one large folio at a time. It
 * must achieve what mprotect() of one page after the other would. So the model
 * applies each step page by page, and window_check() holds the kernel against it:
 * in the range that was changed and outside of it, in each process.
 *
 * The window lies across a PMD boundary, which is "|" in a layout. Each other
 * character is a folio: its order, or one of those below. Both sides repeat their
 * pattern until the side has two contpte blocks, or the pattern twice:
 *
 *	"54320000|00002345"
 *	[  32  ][ 16 ][ 8 ][4].... [  32  ]...|....[4][ 8 ][ 16 ][  32  ] ....
 */
#ifndef __MPROTECT_WINDOW_H__
#define __MPROTECT_WINDOW_H__

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define LAYOUT_HOLE		'.'	/* one page that was never touched */
#define LAYOUT_PMD		'P'	/* a PMD-sized folio, mapped by a PMD */
#define LAYOUT_PTE		'p'	/* a PMD-sized folio, mapped by PTEs */

/* Pages of the window. "The folio" is the first of the largest above the boundary. */
enum window_range {
	RANGE_WHOLE,		/* all of the window */
	RANGE_INSIDE,		/* the folio without its first and last page */
	RANGE_HEAD,		/* from the start of the folio to past its middle */
	RANGE_TAIL,		/* from before its middle to the end of the folio */
	RANGE_STRADDLE,		/* the end of a folio and the start of the next */
	RANGE_STRADDLE_PMD,	/* pages on both sides of the boundary */
	RANGE_STRADDLE_CONTPTE,	/* the same around the next contpte block */
	RANGE_ONE_PAGE,		/* a page in the middle of the folio */
	RANGE_VMA_END,		/* from inside the last folio to the end of the VMA */
};

/* Pages of each folio. Single pages are taken eight at a time. */
enum window_pages {
	PAGES_ALL,
	PAGES_FIRST_HALF,
	PAGES_ALTERNATE,
	PAGES_ONE,
};

enum window_process {
	PROCESS_PARENT,
	PROCESS_CHILD,
	PROCESS_SECOND_CHILD,
	NR_PROCESSES,
};

struct window {
	char *addr;
	size_t nr_pages;
	size_t boundary;		/* first page above the PMD boundary */
	size_t *folio, *folio_nr;	/* of each page: first page, and number of pages */
	struct page_model *pages;	/* [NR_PROCESSES][nr_pages] */
	int pagemap_fd, kpageflags_fd;
	enum window_process self;
	unsigned int generation;	/* of the values that are written */
	unsigned long disturbances;	/* by the kernel, before this step */
	bool sets_accessed;		/* the machine sets the access flag of PTEs */
	struct {
		pid_t pid;		/* 0: does not live */
		int fds[2];		/* of the test, and of the process */
	} process[NR_PROCESSES];
	char skip[128];			/* why there is no such window here */
};

/* Before the tests: THP of each size where a test asks for it. Undone at exit. */
void window_set_thp(void);

/* Once a test. Where window->skip says why, there is nothing to test. */
bool window_map(struct window *window, const char *layout);
void window_exit_all(struct window *window);

/* The child has the chosen pages, and shares their frames. */
bool window_fork(struct window *window, enum window_process child,
		 enum window_pages pages);
bool window_exit(struct window *window, enum window_process child);

/* From here on the range is a VMA of its own, which mprotect() treats as the others. */
bool window_split_vma(struct window *window, enum window_range range);

/* Steps of a process. They are false, and print why, where a page is not as it must be. */
bool window_mprotect(struct window *window, enum window_process process,
		     enum window_range range, int prot);
bool window_write(struct window *window, enum window_process process,
		  enum window_range range);
bool window_check(struct window *window);

#endif /* __MPROTECT_WINDOW_H__ */
