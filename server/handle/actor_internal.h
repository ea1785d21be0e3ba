/* Whose change it is, for the audit log. */
#ifndef OT_SERVER_HANDLE_ACTOR_INTERNAL_H
#define OT_SERVER_HANDLE_ACTOR_INTERNAL_H

#include "audit/audit.h"
#include "handle/context.h"
#include "message/request.h"

static inline struct ot_actor ot_actor_of(const struct ot_context *context)
{
    return (struct ot_actor){
        .id = context->caller.id,
        .is_key = true,
        .address = context->request->peer,
        .scope = context->scope,
    };
}

#endif
