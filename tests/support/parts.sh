# The parts of tests/run, sourced by it: part_NAME runs with its log as output. A part
# records its results below $results/NAME: JUnit files, and checks.tsv by `check` for what
# is neither ctest nor pytest. It returns non-zero only when it could not run at all.
# shellcheck shell=bash
# shellcheck disable=SC2154  # project, builds, results, python, part, long: tests/run

jobs=$(nproc)

# What computes and does not wait leaves the processor to the tests that run beside it.
give_way() {
    renice -n 10 -p "$BASHPID" >/dev/null
}

# slower FACTOR: sets how much longer than usual tests wait before they give up, beside what
# the caller said of this machine.
slower() {
    export ORGTRUST_SLOWNESS
    ORGTRUST_SLOWNESS=$(awk "BEGIN { print $1 * ${ORGTRUST_SLOWNESS:-1} }")
}

# What a part leaves out of the tests, because little would be found there that is not found
# elsewhere; the table says it, as skipped. Of the Python tests, tsan runs those that are
# marked `concurrency`, valgrind those that are marked `memory`. The last two lists are
# empty with --long.
#
# Programs of one thread, which have no race.
one_thread='unit\.(api|api_parse|api_fault|admin|cert_input|cert_whole|change|cli_.*|config.*'
one_thread+='|error|extra|file|freshness|http_fault|http_pace|http_retry|http_tls'
one_thread+='|install_markers|json|label|file_lock|name|path|pem|place|readers|record|search'
one_thread+='|snapshot|snapshot_forged|state|text|uri)|.*symbols|bench\.runs'
# They have one call after the other fail, or kill a process there, by the hundred, or judge
# names by the thousand: address sees their memory, and for threads and what is uninitialised
# the same functions run in unit.sync, sync_fault, export, install_markers and rewrap.
each_call='unit\.(sync_crash|export_crash|install_transaction|starve|rewrap_verdict)'

# Python tests of rows whose answers unit tests give to the same C functions under asan, too:
# sync_list, sync_fault, api_fault, http_fault, http_pace and http_retry.
by_unit_tests=(faults/test_faults_{listing,content,network,rate}.py)

# Of programs/api, what cannot differ between an SQLite file and PostgreSQL runs on the file
# alone; what is marked `both` there runs on either, in part release. What is of PostgreSQL
# alone, such as connections that break, runs wherever the folder does.
say_what_runs_on_files_alone() { # REASON
    [[ $long == yes ]] || skip 'the rest of programs/api on PostgreSQL' "$1"
}

leave_nothing_out() {
    each_call=none
    by_unit_tests=()
}

# check NAME COMMAND…: one test that is a command.
check() {
    local name=$1 outcome=passed why='' status=0
    shift
    echo "== $name"
    "$@" || status=$?
    if [[ $status -ne 0 ]]; then
        outcome=failed
        why="exit status $status; see the log"
    fi
    printf '%s\t%s\t%s\n' "$outcome" "$name" "$why" >>"$results/$part/checks.tsv"
    [[ $outcome == passed ]]
}

# skip NAME REASON: a test that could not run.
skip() {
    printf 'skipped\t%s\t%s\n' "$1" "$2" >>"$results/$part/checks.tsv"
}

# sources REGEX: the project's own files whose names match, NUL-terminated.
sources() {
    (cd "$project" && {
        git ls-files --cached --others --exclude-standard 2>/dev/null ||
            find . -path './build*' -prune -o -type f -printf '%P\n'
    }) | grep -E "$1" | while IFS= read -r file; do
        if [[ -f $project/$file ]]; then printf '%s\0' "$project/$file"; fi
    done
}

# build NAME OPTION…: configures and builds into $builds/NAME.
build() {
    local name=$1
    shift
    check "build $name" build_in "$builds/$name" "$@"
}

build_in() {
    local dir=$1
    shift
    cmake -S "$project" -B "$dir" -G Ninja -DORGTRUST_WERROR=ON \
        -DCMAKE_INSTALL_PREFIX=/usr "$@" && nice -n 10 ninja -C "$dir" ${targets:+"$targets"}
}

# unit_tests NAME ARGUMENT…: ctest in $builds/NAME; further arguments go to ctest.
unit_tests() {
    ctest --test-dir "$builds/$1" --output-on-failure --no-tests=error -j "$jobs" "${@:2}" \
        --output-junit "$results/$part/ctest.xml" || true
    [[ -s $results/$part/ctest.xml ]] || check "ctest $1 ran" false
}

# program_tests NAME ARGUMENT…: pytest against the programs in $builds/NAME, one process
# for each folder of tests: their conftest.py are modules of one name. Two folders at once,
# for most of a test's time is waiting; the longest first.
program_tests() {
    local name=$1 folder number=0 ran=no
    shift
    if [[ -n ${ORGTRUST_TEST_NAMES:-} ]]; then set -- "$@" -k "$ORGTRUST_TEST_NAMES"; fi
    while IFS= read -r folder; do
        [[ ${folder##*/} != lint ]] || continue # part_lint runs it, once
        while [[ $(jobs -rp | wc -l) -ge 2 ]]; do wait -n; done
        folder_tests "$name" "$folder" "$number" "$@" &
        number=$((number + 1))
    done < <(longest_first)
    wait
    ls "$results/$part"/pytest-*.xml >/dev/null 2>&1 && ran=yes
    [[ $ran == yes || -n ${ORGTRUST_TEST_NAMES:-} ]] || check "pytest found tests" false
}

# The folders with Python tests.
longest_first() {
    local first=(faults programs/{cli,export,install,clients,relay,admin}) folder
    for folder in "${first[@]}"; do echo "$project/tests/$folder"; done
    find "$project/tests" -name 'test_*.py' -printf '%h\n' | sort -u |
        grep -vxF -f <(printf "$project/tests/%s\n" "${first[@]}")
}

# folder_tests NAME FOLDER NUMBER ARGUMENT…
folder_tests() {
    local folder=$2 log=$results/$part/pytest-${2##*/}.log scratch=$TMPDIR/$3 spread=load status=0
    # A browser is started, and an organization of hundreds is filled, once for all tests of
    # a file.
    case ${folder##*/} in clients | console | e2e) spread=loadfile ;; esac
    ORGTRUST_BUILD=$builds/$1 ORGTRUST_RESULTS=$results/$part "$python" -m pytest -q -c "$project/tests/pytest.ini" \
        -n "$jobs" --dist "$spread" --rootdir "$project/tests" --basetemp "$scratch" \
        --durations=10 --junitxml "$results/$part/pytest-${folder##*/}.xml" "${@:4}" "$folder" \
        >"$log" 2>&1 || status=$?
    cat "$log"
    rm "$log"
    # 5: nothing was selected.
    [[ $status -ne 5 ]] || rm "$results/$part/pytest-${folder##*/}.xml"
    [[ $status -le 1 || $status -eq 5 ]] || check "pytest ${folder##*/} ran" false
    chmod -R u+rwX "$scratch" 2>/dev/null
    rm -rf "$scratch"
}

# Reports that sanitizers wrote into $1, whoever's child it was. A process that is killed
# while it looks for leaks says that it lost sight of a thread: that finds nothing.
reports() {
    local file found=0
    for file in "$1"/*; do
        [[ -f $file ]] || continue
        grep -qvE '^==[0-9]+==Unable to get registers from thread [0-9]+\.$' "$file" || continue
        found=1
        echo "== $file"
        head -n 60 "$file"
    done
    return "$found"
}

sanitized() { # NAME; then options for the build
    export SANITIZER_REPORTS=$results/$part/reports
    mkdir -p "$SANITIZER_REPORTS"
    local common="log_path=$SANITIZER_REPORTS/report:exitcode=99"
    local lists=$project/tests/support
    export ASAN_OPTIONS="$common:detect_stack_use_after_return=1:strict_string_checks=1:check_initialization_order=1"
    export LSAN_OPTIONS="$common:suppressions=$lists/lsan.supp:print_suppressions=0"
    export UBSAN_OPTIONS="$common:print_stacktrace=1"
    export TSAN_OPTIONS="$common:second_deadlock_stack=1:history_size=5:suppressions=$lists/tsan.supp"
}

part_lint() {
    give_way
    check 'clang-format' lint_format
    check 'cppcheck' lint_cppcheck
    check 'clang-tidy' lint_tidy
    check "compiles with OpenSSL 4's declarations" \
        "$python" "$project/tests/support/check_openssl4.py" "$builds/lint"
    check 'shellcheck' lint_shell
    check 'python compiles' lint_python
    check 'each sentence of SECURITY.md has its tests' "$python" -m pytest -q \
        -c "$project/tests/pytest.ini" --rootdir "$project/tests" "$project/tests/lint"
}

lint_format() {
    sources '\.[ch]$' | xargs -0 clang-format --dry-run -Werror --style=file
}

lint_cppcheck() {
    local configured=() # what CMake defines, all of it paths or versions
    mapfile -t configured < <(sources '^(common|provider|p11module|cli|server)/.*\.[ch]$' |
        xargs -0 grep -ohE '\bORGTRUST_[A-Z0-9_]+\b' | sort -u | sed 's/.*/-D&="x"/')
    sources '^(common|provider|p11module|cli|server)/.*\.c$' |
        xargs -0 cppcheck --quiet -j "$jobs" --std=c11 --enable=warning,performance,portability \
            --inline-suppr --error-exitcode=1 --suppress=missingIncludeSystem \
            --suppress=normalCheckLevelMaxBranches -D_GNU_SOURCE "${configured[@]}" \
            -I "$project/common" -I "$project/provider" -I "$project/cli" -I "$project/server"
}

lint_tidy() {
    cmake -S "$project" -B "$builds/lint" -G Ninja -DCMAKE_C_COMPILER=clang \
        -DCMAKE_BUILD_TYPE=Debug >/dev/null || return 1
    ninja -C "$builds/lint" -t targets all 2>/dev/null | sed -n 's/\(.*\.[ch]\): .*/\1/p' |
        xargs -r ninja -C "$builds/lint" >/dev/null
    sources '^(common|provider|p11module|cli|server)/.*\.c$' |
        xargs -0 "$python" "$project/tests/support/tidy.py" "$builds/lint"
}

lint_shell() {
    local file files=()
    while IFS= read -r -d '' file; do
        if head -n 1 "$file" | grep -qE '^#!.*\b(ba|da)?sh\b' || [[ $file == *.sh ]]; then
            files+=("$file")
        fi
    done < <(sources '^')
    shellcheck --external-sources "${files[@]}"
}

lint_python() {
    sources '\.py$' | xargs -0 "$python" -c '
import sys
for name in sys.argv[1:]:
    with open(name, encoding="utf-8") as file:
        compile(file.read(), name, "exec", dont_inherit=True)
'
}

part_release() {
    build release -DCMAKE_BUILD_TYPE=RelWithDebInfo -DCMAKE_C_COMPILER=gcc || return 0
    check 'no function is global for one file alone' \
        "$python" "$project/tests/lint/structure.py" --for-one-file "$builds/release"
    hold_instructions
    unit_tests release
    slower 2 # another part runs beside it
    program_tests release
    say_what_runs_on_files_alone 'framing, requests and TLS are the same on every database'
}

# Its numbers are of one compiler and processor; where there are none the table says so.
hold_instructions() {
    local name='core operations take no more instructions than tests/bench/instructions.txt allows'
    local why guard=(env ORGTRUST_BUILD="$builds/release" "$python" -B
        "$project/tests/bench/guard.py")
    if why=$("${guard[@]}" --known); then
        check "$name" "${guard[@]}"
    else
        skip "$name" "$why"
        "${guard[@]}"
    fi
}

part_clang() {
    build clang -DCMAKE_BUILD_TYPE=RelWithDebInfo -DCMAKE_C_COMPILER=clang || return 0
    unit_tests clang
}

part_asan() {
    build asan -DCMAKE_BUILD_TYPE=Debug -DORGTRUST_SANITIZE=address,undefined || return 0
    sanitized
    unit_tests asan
    slower 3
    ORGTRUST_PRELOAD=$(gcc -print-file-name=libasan.so):$(gcc -print-file-name=libubsan.so) \
        program_tests asan "${by_unit_tests[@]/#/--ignore=$project/tests/}"
    [[ $long == yes ]] || skip "${by_unit_tests[*]}" 'unit tests have the same rows under asan'
    say_what_runs_on_files_alone 'part release runs what is marked both'
    check 'no report of a sanitizer' reports "$SANITIZER_REPORTS"
}

part_tsan() {
    build tsan -DCMAKE_BUILD_TYPE=Debug -DORGTRUST_SANITIZE=thread || return 0
    sanitized
    unit_tests tsan -E "^($one_thread|$each_call)\$"
    slower 5
    skip 'unit tests of one thread' 'tsan looks for races'
    [[ $long == yes ]] || skip 'unit tests of each call, or of thousands of names' 'asan runs them'
    ORGTRUST_PRELOAD=$(gcc -print-file-name=libtsan.so) \
        program_tests tsan -m concurrency
    say_what_runs_on_files_alone 'part release runs what is marked both'
    check 'no report of a sanitizer' reports "$SANITIZER_REPORTS"
}

part_valgrind() {
    local valgrind=(valgrind --quiet --error-exitcode=99 --leak-check=full
        "--show-leak-kinds=definite,possible" "--errors-for-leak-kinds=definite,possible"
        --suppressions="$project/tests/support/valgrind.supp")
    # An emulator, as CMake calls what goes before a test's program; nothing is compiled anew.
    local emulator
    emulator=$(IFS=';' && echo "${valgrind[*]}")
    build release -DCMAKE_BUILD_TYPE=RelWithDebInfo -DCMAKE_C_COMPILER=gcc || return 0
    slower 20
    cmake -S "$project" -B "$builds/release" -DCMAKE_CROSSCOMPILING_EMULATOR="$emulator" &&
        unit_tests release -E "^((provider|p11)\.memory|provider\.threads|$each_call)\$"
    skip 'provider.memory, p11.memory' 'they replace malloc, as valgrind does'
    skip 'provider.threads' 'valgrind runs one thread at a time; part tsan runs it'
    [[ $long == yes ]] || skip 'unit tests of each call, or of thousands of names' 'asan runs them'
    cmake -S "$project" -B "$builds/release" -UCMAKE_CROSSCOMPILING_EMULATOR
    ORGTRUST_WRAP="${valgrind[*]}" program_tests release -m memory
    say_what_runs_on_files_alone 'part release runs what is marked both'
}

part_fuzz() {
    local target seconds=5
    [[ $long == no ]] || seconds=3600
    give_way
    targets=fuzz_targets build fuzz -DCMAKE_BUILD_TYPE=RelWithDebInfo -DCMAKE_C_COMPILER=clang \
        -DORGTRUST_FUZZ=ON -DORGTRUST_SANITIZE=address,undefined || return 0
    for target in "$builds"/fuzz/tests/fuzz/fuzz_*; do
        [[ -f $target && -x $target ]] || continue
        while [[ $(jobs -rp | wc -l) -ge $jobs ]]; do wait -n; done
        check "${target##*/} for $seconds s" fuzz "$target" "$seconds" &
    done
    wait
    check 'there are fuzz targets' test -s "$results/$part/checks.tsv"
}

# What is found anew goes to the build; a crash is left beside it and shown.
fuzz() { # TARGET SECONDS
    local name=${1##*/}
    local found=$builds/fuzz/found/${name#fuzz_} kept=$builds/fuzz/tests/fuzz/corpus/${name#fuzz_}
    mkdir -p "$found"
    [[ -d $kept ]] || kept=$found
    "$1" -max_total_time="$2" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
        -artifact_prefix="$builds/fuzz/crash-$name-" "$found" "$kept"
}

part_roots() {
    if [[ $EUID -ne 0 ]]; then
        skip 'fresh Debian roots' 'needs root'
        return 0
    fi
    check 'make the roots' "$project/tests/support/roots/make" || return 0
    local root
    for root in bookworm trixie; do
        check "quickstart in a fresh $root" "$project/tests/support/roots/enter" \
            --keep-downloads "$root" conf/quickstart
        check "tests/run in a fresh $root" "$project/tests/support/roots/enter" \
            --keep-downloads "$root" tests/run --only lint --only release --only clang
        check "both of a user with umask 002 in $root" "$project/tests/support/roots/enter" \
            --keep-downloads "$root" tests/support/roots/as_user
    done
    build release -DCMAKE_BUILD_TYPE=RelWithDebInfo -DCMAKE_C_COMPILER=gcc || return 0
    check 'provider on Debian 13' "$project/tests/support/roots/enter" --offline \
        --show "$builds/release" trixie-programs env ORGTRUST_BUILD="$builds/release" \
        python3 -m pytest -q -c tests/pytest.ini --rootdir tests tests/plugins/provider tests/programs/e2e
    check 'packages in a fresh Debian 12 and 13' env ORGTRUST_LONG=1 \
        ORGTRUST_BUILD="$builds/release" "$python" -m pytest -q -c "$project/tests/pytest.ini" \
        --rootdir "$project/tests" "$project/tests/programs/packages" -k fresh_root
    check 'programs follow in a fresh Debian 12 and 13' env ORGTRUST_LONG=1 \
        ORGTRUST_BUILD="$builds/release" "$python" -m pytest -q -c "$project/tests/pytest.ini" \
        --rootdir "$project/tests" "$project/tests/programs/reach"
    check "clients of the PKCS#11 module and limits on Debian 13" "$project/tests/support/roots/enter" \
        --offline --show "$builds/release" trixie-programs env ORGTRUST_BUILD="$builds/release" \
        ORGTRUST_COMPLETE=1 python3 -m pytest -q -c tests/pytest.ini --rootdir tests \
        tests/programs/clients/test_{p11kit,gnutls,gnutls_running,opensc,pkcs11_provider,limits}.py
    check "a client certificate's key on a token on Debian 13" \
        "$project/tests/support/roots/enter" --offline --show "$builds/release" \
        trixie-programs env ORGTRUST_BUILD="$builds/release" python3 -m pytest -q \
        -c tests/pytest.ini --rootdir tests tests/programs/cli/test_client_cert.py
    check "tools that write to PKCS#11 tokens on Debian 13" "$project/tests/support/roots/enter" \
        --offline --show "$builds/release" trixie-programs env ORGTRUST_BUILD="$builds/release" \
        python3 -m pytest -q -c tests/pytest.ini --rootdir tests \
        tests/programs/admin/test_pkcs11_walks.py
}
