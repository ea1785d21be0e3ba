#include "http/renewal.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/service_manager.h"
#include "http/daemon.h"
#include "http/server.h"
#include "http/tls.h"
#include "shared/log.h"

#define DAY_S 86400

static void say_kept(const struct ot_renewal *renewal, enum ot_status status,
                     const char *reason)
{
    struct ot_error line = OT_ERROR_INIT;

    ot_error_set(&line, status,
                 "the TLS certificate of before stays in use, and %s was not taken: %s",
                 renewal->cert_path, reason);
    ot_log_failure(&line);
}

static void say_renewed(const struct ot_renewal *renewal, int64_t ends_at)
{
    char when[OT_LOG_TIME_MAX];

    fprintf(stderr,
            "orgtrust-server: the TLS certificate %s was read again, and ends at %s\n",
            renewal->cert_path, ot_log_time(when, ends_at));
}

static void renew_pair(struct ot_renewal *renewal)
{
    struct ot_tls tls = {.cert = NULL};
    struct ot_error err = OT_ERROR_INIT;
    int64_t ends_at = 0;
    enum ot_status status =
        ot_tls_load(&tls, renewal->cert_path, renewal->key_path, &err);

    if (status == OT_OK) {
        ends_at = tls.ends_at;
        status = ot_daemon_renew(renewal->daemon, &tls, &err);
    }
    if (status != OT_OK) {
        say_kept(renewal, status, err.message);
        ot_tls_clear(&tls);
        return;
    }
    atomic_store(&renewal->server->tls_ends_at, ends_at);
    renewal->warned_at = 0;
    say_renewed(renewal, ends_at);
}

static void carry_out_request(struct ot_renewal *renewal)
{
    ot_notify_reloading();
    if (renewal->cert_path != NULL)
        renew_pair(renewal);
    else
        fprintf(stderr, "orgtrust-server: SIGHUP reads the TLS certificate again, and "
                        "there is none (--tls-cert)\n");
    ot_notify("READY=1");
}

static void warn_of_end(struct ot_renewal *renewal)
{
    const int64_t ends_at = atomic_load(&renewal->server->tls_ends_at);
    const int64_t now = ot_clock_unix_s();
    struct ot_error line = OT_ERROR_INIT;
    char when[OT_LOG_TIME_MAX];

    /* A clock that was set back must not silence it. */
    if (renewal->warned_at != 0 && now >= renewal->warned_at &&
        now - renewal->warned_at < DAY_S)
        return;
    renewal->warned_at = now;
    if (ends_at - now > OT_EXPIRES_SOON_S)
        return;
    ot_error_set(&line, OT_E_UNSAFE,
                 "warning: the TLS certificate %s %s at %s: put its successor, and the "
                 "key, into the same files and send SIGHUP (systemctl reload "
                 "orgtrust-server)",
                 renewal->cert_path, ends_at > now ? "ends" : "has ended",
                 ot_log_time(when, ends_at));
    ot_log_failure(&line);
}

void ot_renewal_step(struct ot_renewal *renewal)
{
    ot_daemon_sweep(renewal->daemon);
    if (renewal->is_asked_for && ot_daemon_may_renew(renewal->daemon)) {
        renewal->is_asked_for = false;
        carry_out_request(renewal);
    }
    if (renewal->cert_path != NULL)
        warn_of_end(renewal);
}
