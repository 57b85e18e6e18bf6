/* What NEST's module_manager.h needs of libltdl's header to be read: the type of a handle. */
#ifndef VARESEARCH_LTDL_H
#define VARESEARCH_LTDL_H
typedef struct lt__handle *lt_dlhandle;
#endif
