/* Before an upload to the hosted API: what that is known to refuse. */
#ifndef OT_CLI_COMMANDS_WARN_HOSTED_INTERNAL_H
#define OT_CLI_COMMANDS_WARN_HOSTED_INTERNAL_H

struct ot_cert_inputs;
struct ot_source;

/* On standard error, a line for each, where the source's API is the hosted one. Nothing
 * is kept from being sent: the API has the last word. */
void ot_warn_hosted(const struct ot_source *source, const struct ot_cert_inputs *inputs);

#endif
