/* SPDX-License-Identifier: GPL-2.0 */
/* The model of the window, and the table of operations behind each state. */
#ifndef __MPROTECT_MODEL_H__
#define __MPROTECT_MODEL_H__

#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mprotect_area.h"
#include "mprotect_area_tree.h"

#define KPF_COMPOUND	(KPF_COMPOUND_HEAD | KPF_COMPOUND_TAIL)

#define MAX_STATES	24
#define FRAME_LAYERS	(2 * NR_VIEWS)	/* of frames for each page of the window */
#define VMA_SPLIT	1ULL		/* and two bits for each state */
#define VMA_STATE(state)	(2ULL << (state).nr)
#define VMA_STATE_TOO(state)	(VMA_STATE(state) << MAX_STATES)

#define VMA_ROOM(bit)		(1ULL << (1 + 2 * MAX_STATES + (bit)))	/* of the room vma */

#define FRAME_STATE(state)	(1U << (state).nr)

/* Memory behind a page. Those of one folio share the first one, the head. */
struct frame {
	__u64 pfn;		/* 0: as seen next */
	int mappers;		/* pages of the model that are this frame */
	struct frame *head;
	int nr;			/* of a head: frames of the folio */
	unsigned int mapped_by;	/* of a head: who has ever mapped one, as bits */
	bool may_split;		/* of a head: also while all of it is mapped */
	bool is_split;		/* it was of a folio that the kernel has split */
	bool is_freed;		/* of a head: MADV_FREE was asked for some of it */
	unsigned int states;	/* what states know of it, as bits */
};

/* What must hold for a page of one process. */
struct page {
	struct area_state *what; /* what is there */
	struct frame *frame;	/* NULL where the page has none of its own */
	__u64 value;		/* its first and last word */
	int prot, had;		/* of its VMA: now, and before the last mprotect() */
	__u64 vma;		/* what else sets its VMA apart, as bits */
	unsigned short copy;	/* of which VMA by fork(), 0: the first; they never merge */
	bool has_anon_vma;	/* its VMA has, once area_share_anon_vmas() has looked */
	bool by_pmd;		/* mapped by a PMD */
	bool exclusive;		/* no fault on a write: PageAnonExclusive */
	enum {			/* a fault all the same: the PTE is not writable */
		READONLY_NO,
		READONLY_YES,
		READONLY_MAYBE,
	} readonly;
	bool may_be_old;	/* a fault that the access flag may take */
	bool may_be_clean;	/* one that the dirty flag may take, on a write */
	__u8 mark[MAX_STATES];	/* of each state that a program links */
};

/* What an access costs. */
struct cost {
	int code;		/* as in struct access: it must not work */
	int min, max;		/* faults */
	int major;		/* of them, at most */
	bool is_one;		/* one fault does it all, and is refused if that is */
	bool is_alone;		/* the last fault does nothing but lift a protection */
	enum {
		FRAME_STAYS,
		FRAME_IS_NEW,
		FRAME_MAY_BE_NEW,	/* reused, or copied: the kernel's choice */
	} fate;
};

#define ACCESS_ILL	0x100		/* in place of the si_code of SIGILL */

/* What came of it. */
struct access {
	int code;		/* si_code of SIGSEGV, or - that of SIGBUS; 0: it worked */
	int faults, major;	/* taken: all, and major ones */
	__u64 value, last;	/* what was read */
};

/* What was seen of a page, and of the access to it. */
struct sight {
	bool is_huge;		/* mapped by a PMD */
	bool was_huge;		/* in the model, before the access */
	bool is_wrong;
	bool is_accessed;	/* in this step; all that follows is about that */
	struct cost cost;
	struct access access;
	__u64 was;		/* the frame before */
	const struct frame *large; /* the head of a large folio before */
};

/* Bits that must be seen; those of the mask matter. */
struct bits {
	__u64 value, mask;
};

/* What pagemap and kpageflags must show of a page. */
struct shown {
	struct bits entry, flags;
};

/* What mprotect() or pkey_mprotect() asks for. */
struct vma_change {
	size_t first, end;
	int prot;
	__u64 mask, vma;	/* bits, and what they become */
	int its;		/* protection that the VMA gets where it is changed now */
};

/*
 * A state that pages can be in. Each operation is asked for every page, has its
 * say about those that are in the state, and may be left out. Only the file of
 * a state knows what it is about.
 */
struct area_state {
	const char *name;
	int nr;			/* of its mark in struct page */
	bool outlives_zap;	/* MADV_DONTNEED leaves it where it is */
	/* What a pointer to the page must have in its top byte. */
	__u8 (*pointer)(const struct area *area, size_t page);
	/* How an access is refused before anybody looks at the protection; 0: it is not. */
	int (*denied)(const struct area *area, size_t page, bool is_write);
	/* A signal's handler has been left by siglongjmp(). */
	void (*signalled)(const struct area *area);
	/* How an access is refused that the protection allows; 0: it is not. */
	int (*refused)(const struct area *area, size_t page, bool is_write);
	/* Lets a refused access work when it is tried again; false where it cannot. */
	bool (*resolve)(struct area *area, size_t page);
	/* Whether the kernel must leave the page's folio where it is. */
	bool (*held)(const struct area *area, size_t page);
	/* Whether the kernel may discard the page when it reclaims. */
	bool (*may_go)(const struct area *area, size_t page);
	/* Adds what an access costs. */
	void (*cost)(const struct area *area, size_t page, bool is_write,
		     struct cost *cost);
	/* What the page is after an access that took @faults. */
	void (*accessed)(struct area *area, size_t page, bool is_write, int faults);
	/* The errno with which the VMA at @page refuses to be changed, from there on. */
	int (*vma_changes)(struct area *area, size_t page, struct vma_change *change);
	/* What sets VMAs apart is another thing now, somewhere in the range. */
	void (*vmas_changed)(struct area *area, size_t first, size_t end);
	/* mprotect() has changed the page's VMA. */
	void (*mprotected)(struct area *area, size_t page);
	/* change_protection() has been over the page, of mprotect() or a userfaultfd. */
	void (*ptes_changed)(struct area *area, size_t page);
	/* The PMD that maps the page is split. */
	void (*pmd_split)(struct area *area, size_t page);
	/* The page's folio is about to be split into single pages, of any process. */
	void (*folio_split)(struct area *area, struct page *page);
	/* The page's folio is in other frames now, of any process. */
	void (*moved)(struct page *page);
	/* mremap() moves the page's VMA to other addresses. */
	void (*remapped)(struct area *area, size_t page);
	/* fork() gives another process the copy @its. */
	void (*forked)(struct area *area, size_t page, struct page *its);
	void (*show)(const struct area *area, size_t page, struct shown *shown);
	/* What must hold beside the window. */
	bool (*verify)(struct area *area);
};

/* What some of the folios are among those that NUMA balancing may hint. */
struct area_kind {
	/* Fills a folio of @nr pages, and chooses those for @finish. */
	bool (*populate)(struct area *area, size_t page, size_t nr,
			 const struct segment *folio, bool *chosen);
	/* Once all folios are there. */
	bool (*finish)(struct area *area, const bool *chosen);
	bool is_local;		/* on the node of the parent */
};

/* How pages of the parent come into a state. */
struct area_maker {
	const char *(*make)(struct area *area, enum area_pages pages);
};

/* One who acts on the window: asked through a socket, but for the test itself. */
struct actor {
	pid_t pid;		/* 0: does not live */
	enum area_process forked_by;
	int fds[2];		/* of the test, and of the actor */
	pthread_t thread;	/* 0: a process */
};

struct range {
	const char *name;
	size_t first, end;
};

/* What an actor is asked to do. */
struct request {
	bool (*serve)(struct area *area, const struct request *request);
	const char *name;	/* of the step */
	enum area_process process;
	struct range range;	/* if it has one */
	int prot;
	bool is_write;
	enum area_process child;
	enum area_pages pages;
	enum area_uffd uffd;
	enum area_rwp rwp;
	enum area_pkey pkey;
	enum area_vma vma;
	enum area_memory memory;
	enum area_way way;
	enum area_exec_rule exec_rule;
};

/* What comes of it. */
struct answer {
	char what[480];		/* the first page that is wrong */
	char found[128];	/* a fault of the kernel that is known */
	char skip[256];
	unsigned long moved;	/* pages, by the test itself */
};

/* mprotect_area_model.c: pages, frames, folios and VMAs. */
extern struct area_state page_outside, page_empty, page_anon;
extern struct area_state *const *area_states;
extern char area_rule[128];

bool kernel_at_least(int major, int minor);
struct page *area_view(const struct area *area, enum area_process process);
void area_new_frame(struct area *area, size_t page);
void area_own_frame(struct area *area, size_t page, struct page *its);
void area_leave_frame(struct page *page);
void area_fold_frames(struct area *area, size_t first, size_t nr);
const struct frame *area_large_folio(const struct area *area, size_t page);
size_t area_folio(const struct area *area, size_t page, size_t *nr);
void area_empty(struct page *page, struct area_state *what);
void area_become_single(struct area *area, size_t page, struct area_state *what);
void area_split_folio(struct area *area, size_t page);
void area_may_split(struct area *area, size_t page);
bool area_has_waited(const struct area *area, const struct frame *head, int faults);
void area_note_split(struct area *area, size_t page);
size_t area_follow(struct area *area, size_t page);
bool area_can_zap(const struct area *area, size_t page);
bool area_may_go(const struct area *area, size_t page);
bool area_is_held(const struct area *area, size_t page);
bool area_is_shared_folio(const struct area *area, size_t page);
void area_pmd(const struct area *area, size_t page, size_t *first, size_t *end);
void area_split_pmd(struct area *area, size_t page);
void area_vma_edge(struct area *area, size_t page);
void area_vma_edges(struct area *area, size_t first, size_t end);
bool area_is_one_vma(const struct area *area, size_t page);
void area_ptes_changed(struct area *area, size_t page);
int area_vma_change(struct area *area, size_t first, size_t end, int prot, __u64 mask,
		    __u64 vma);
int area_vma_mprotect(struct area *area, size_t first, size_t end, int prot);
size_t area_run(const struct area *area, size_t first, size_t end, const bool *chosen);
int area_denied(const struct area *area, size_t page, bool is_write);
bool area_may_be_old(const struct area *area, size_t page);
bool area_is_there(const struct area *area, size_t page);
struct cost area_cost(const struct area *area, size_t page, bool is_write);
struct shown area_show(const struct area *area, size_t page);
void bits_must(struct bits *bits, __u64 mask, bool is_set);

/* mprotect_area_anon.c: VMAs with pages of their own. */
void area_share_anon_vmas(struct area *area);

/* mprotect_area_map.c: the window and the folios in it. */
size_t pmd_pages(void);
size_t contpte_pages(void);
char *page_addr(const struct area *area, size_t page);
__u64 *page_word(const struct area *area, size_t page);
__u64 *last_word(const struct area *area, size_t page);
__u64 area_new_value(const struct area *area, size_t page);
__u64 frame_flags(const struct area *area, __u64 pfn);
bool *area_bools(struct area *area);
void *shared_memory(size_t len);
bool area_alloc(struct area *area, const struct layout *layout);
bool area_advise(struct area *area, size_t page, size_t nr, int advice);
bool area_advise_chosen(struct area *area, const bool *chosen, int advice);
bool area_allow_thp(struct area *area, bool allow);
bool area_populate(struct area *area, size_t page, const struct segment *segment);
bool area_adopt(struct area *area);
size_t segment_folio(const struct segment *segment);
size_t segment_pages(const struct segment *segment);
const struct segment *area_segment(const struct area *area, size_t page,
				   size_t *first);

/* mprotect_area_fault.c, mprotect_area_access.c: access to a page, and its faults. */
void access_init(void);
void access_learn_flags(struct area *area);
void access_warm_up(const struct area *area);
struct access access_words(__u64 *word, __u64 *last, bool is_write, __u64 value);
struct access access_word(__u64 *word, bool is_write, __u64 value);
int access_call(const void *code);
struct access access_first(struct area *area, size_t page, bool is_write, int code);
struct access access_page(struct area *area, size_t page, bool is_write);
void access_signalled(const struct area *area);
void access_denied(struct area *area, size_t page, bool is_write, int code);
void area_access_start(struct area *area);
void area_access(struct area *area, size_t page);
void area_accessed(struct area *area, size_t page, bool is_write, int faults);
void area_settle_frame(struct area *area, size_t page, struct cost cost, __u64 was);
void area_fault_in(struct area *area, size_t page, bool is_write);
bool area_access_end(struct area *area);
bool area_serve_access(struct area *area, const struct request *request);
bool area_write_chosen(struct area *area, bool *chosen,
		       void (*put)(struct area *area, size_t page));

/* mprotect_area_check.c: looking, comparing, telling. */
__printf(2, 3) bool area_skip(struct area *area, const char *fmt, ...);
__printf(2, 3) bool area_fail(struct area *area, const char *fmt, ...);
__printf(3, 4)
void area_mark(struct area *area, size_t page, const char *fmt, ...);
void area_check_frame(struct area *area, size_t page);
bool area_is_moved(struct area *area, size_t page);
bool area_verdict(struct area *area);
bool area_look_once(struct area *area);
bool area_look(struct area *area);
bool area_is_huge(const struct area *area, size_t page);
bool area_serve_check(struct area *area, const struct request *request);
__u64 seen_pfn(const struct area *area, size_t page);
unsigned long moved_pages(const struct area *area);

/* mprotect_area_actor.c: processes and threads. */
void actors_init(struct area *area);
void actors_destroy(struct area *area);
bool area_ask(struct area *area, const struct request *request);
void actor_serve(struct area *area, int fd);
void actor_main(struct area *area, enum area_process self, pid_t parent);

/* mprotect_area_step.c: ranges, selections, and how a step is answered. */
bool area_is_selected(const struct area *area, size_t page, enum area_pages pages);
bool *area_choose(struct area *area, enum area_pages pages,
		  bool (*can)(const struct area *area, size_t page));
const char *area_answer(struct area *area, bool good);
const char *area_step(struct area *area, struct request request);
bool area_protect(struct area *area, struct range range, int prot);
struct range area_find_range(const struct area *area, enum area_range range);

/* mprotect_area_userfault.c: what the states of a userfaultfd share. */
int userfault_open(struct area *area, const char *what, __u64 features, __u64 mode);
bool userfault_runs(struct area *area, const struct request *request,
		    bool (*set)(struct area *area, size_t first, size_t end, bool is_on));
bool userfault_handle(struct area *area, int fd, __u64 flags, bool (*lift)(char *addr));
void userfault_expect(struct area *area, size_t page, bool is_write);
bool userfault_verify(struct area *area);

/* mprotect_area_nodes.c: memory on another node. */
bool area_find_nodes(struct area *area, int *home, int *remote);
int node_of(void *addr);

/* mprotect_state_cow.c */
bool area_fork_pages(struct area *area, enum area_process child, const bool *chosen);
bool area_serve_exit(struct area *area, const struct request *request);

/* mprotect_area_settings.c: what is written to /sys and /proc, and put back. */
#define THP_DIR			"/sys/kernel/mm/transparent_hugepage/"
#define KSM_DIR			"/sys/kernel/mm/ksm/"
#define NUMA_DIR		"/sys/kernel/debug/sched/numa_balancing/"
#define NUMA_BALANCING		"/proc/sys/kernel/numa_balancing"

bool setting_read(const char *path, char *value, size_t size);
bool setting_write(const char *path, const char *value);
long setting_number(const char *path);
long stat_counter(const char *path, const char *name);
long vm_counter(const char *name);
bool thp_has_sizes(void);
bool thp_offer(int order);
void settings_track_test(bool is_running);

#endif /* __MPROTECT_MODEL_H__ */
