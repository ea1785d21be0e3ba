/* Which certificates somebody asks for. */
#ifndef OT_BASE_STATE_FILTER_H
#define OT_BASE_STATE_FILTER_H

enum ot_state_filter { OT_STATE_ACTIVE, OT_STATE_INACTIVE, OT_STATE_ALL };

/* An absent span is no criterion; several must all hold. The bytes belong to the caller
 * and must live as long as the search. */

#endif
