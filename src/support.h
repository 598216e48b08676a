/*
 * src/support.h
 *	  Planner support: what policies ask becomes what indexes can answer.
 */
#ifndef TJP_SUPPORT_H
#define TJP_SUPPORT_H

extern void tjp_support_init(void);

#endif /* TJP_SUPPORT_H */
