/*
 * src/scan.h
 *	  A scan that need not call _can for rows of a workspace that is wholly the user's.
 */
#ifndef TJP_SCAN_H
#define TJP_SCAN_H

extern void tjp_scan_init(void);

#endif /* TJP_SCAN_H */
