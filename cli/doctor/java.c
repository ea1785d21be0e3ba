#include "doctor/java_internal.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "doctor/scratch_internal.h"
#include "doctor/tls_server_internal.h"
#include "doctor/trial_internal.h"
#include "files/file.h"
#include "install/tool.h"

#define CLASS "Handshake"

static const char source[] =
    "import javax.net.ssl.SSLParameters;\n"
    "import javax.net.ssl.SSLSocket;\n"
    "import javax.net.ssl.SSLSocketFactory;\n"
    "public class " CLASS " {\n"
    "    public static void main(String[] args) {\n"
    "        try (SSLSocket socket = (SSLSocket) SSLSocketFactory.getDefault()\n"
    "                .createSocket(\"127.0.0.1\", Integer.parseInt(args[0]))) {\n"
    "            SSLParameters parameters = socket.getSSLParameters();\n"
    "            parameters.setEndpointIdentificationAlgorithm(\"HTTPS\");\n"
    "            socket.setSSLParameters(parameters);\n"
    "            socket.startHandshake();\n"
    "        } catch (Exception why) {\n"
    "            System.err.println(why.getMessage());\n"
    "            System.exit(1);\n"
    "        }\n"
    "    }\n"
    "}\n";

bool ot_java_can_try(void)
{
    return ot_tool_exists("java") && ot_tool_exists("javac");
}

/* Once a run; words: what the compiler says when it fails. */
static enum ot_status compile_client(const struct ot_bench *bench, bool *good,
                                     char *words, struct ot_error *err)
{
    char text[4096], path[OT_SCRATCH_PATH_MAX];
    const char *const argv[] = {
        "javac", "-J-XX:-UsePerfData", "-J-XX:TieredStopAtLevel=1",
        "-d",    bench->scratch.dir,   path,
        NULL};
    int exit_status = -1;
    enum ot_status status;

    ot_scratch_path(path, &bench->scratch, CLASS ".class");
    *good = access(path, F_OK) == 0;
    if (*good)
        return OT_OK;
    ot_scratch_path(path, &bench->scratch, CLASS ".java");
    status = ot_file_replace(path, source, sizeof(source) - 1, 0600, err);
    if (status == OT_OK)
        status = ot_bench_run(bench, argv, NULL, text, sizeof(text), &exit_status, err);
    *good = exit_status == 0;
    if (!*good)
        snprintf(words, OT_TRIAL_WORDS_MAX, "javac did not compile the client");
    return status;
}

static enum ot_status try_java(const struct ot_bench *bench, enum ot_trials_kind kind,
                               const char *const options[3], ot_bench_prepare *prepare,
                               struct ot_three_trials *trials, struct ot_error *err)
{
    char port[16];
    const char *const argv[] = {"java",
                                "-XX:-UsePerfData",
                                "-XX:TieredStopAtLevel=1",
                                "-cp",
                                bench->scratch.dir,
                                options[0],
                                options[1],
                                options[2],
                                CLASS,
                                port,
                                NULL};
    bool good = false;
    enum ot_status status;

    *trials = (struct ot_three_trials){.kind = kind, .each = {[1] = OT_TRIAL_UNCLEAR}};
    status = compile_client(bench, &good, trials->words, err);
    if (status != OT_OK || !good)
        return status;
    snprintf(port, sizeof(port), "%u", ot_tls_server_port(bench->server));
    return ot_bench_try(bench, kind, argv, NULL, prepare, trials, err);
}

enum ot_status ot_java_try_token(const struct ot_bench *bench, enum ot_trials_kind kind,
                                 struct ot_three_trials *trials, struct ot_error *err)
{
    static const char *const options[3] = {
        "-Djava.security.properties=" ORGTRUST_DATADIR "/orgtrust.security",
        "-Djavax.net.ssl.trustStoreType=PKCS11", "-Djavax.net.ssl.trustStore=NONE"};

    return try_java(bench, kind, options, NULL, trials, err);
}

enum ot_status ot_java_try_file(const struct ot_bench *bench, enum ot_trials_kind kind,
                                const char *path, ot_bench_prepare *prepare,
                                struct ot_three_trials *trials, struct ot_error *err)
{
    char store[OT_SCRATCH_PATH_MAX + 40];
    const char *const options[3] = {"-Djavax.net.ssl.trustStoreType=PKCS12", store,
                                    "-Djavax.net.ssl.trustStorePassword="};

    snprintf(store, sizeof(store), "-Djavax.net.ssl.trustStore=%s", path);
    return try_java(bench, kind, options, prepare, trials, err);
}
