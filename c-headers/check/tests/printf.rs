// SPDX-License-Identifier: BSD-2-Clause
//! The kit's printf against that of the development machine's C library, format by format.
#![allow(missing_docs)]

use c_headers_check::kit;
use std::process::Command;

/// Formats and arguments that both have to print alike.
const CASES: &[&str] = &[
    r#""plain""#,
    r#""%d %i %u", -1, INT_MIN, UINT_MAX"#,
    r#""%5d|%-5d|%05d|%+d|% d|%+05d", 42, 42, 42, 42, 42, -42"#,
    r#""%.3d|%8.3d|%-8.3d|%08.3d|%.0d|%.d", 7, 7, 7, 7, 0, 0"#,
    r#""%x %X %#x %#X %#x %08x %#010x", 0xabcu, 0xabcu, 0xabcu, 0xabcu, 0u, 0xabcu, 0xabcu"#,
    r#""%o %#o %#o", 8u, 8u, 0u"#,
    r#""%hhd %hd %hhu %hu", 0x1ff, 0x1ffff, 0x1ff, 0x1ffff"#,
    r#""%ld %lu %lld %llu %zu %zd %jd %td", LONG_MIN, ULONG_MAX, LLONG_MIN, ULLONG_MAX, (size_t)7, (ssize_t)-7, (intmax_t)-9, (ptrdiff_t)-3"#,
    r#""%llx %#llX", 0x123456789abcdefull, 0x123456789abcdefull"#,
    r#""%s|%10s|%-10s|%.2s|%10.2s|%-10.2s|", "text", "text", "text", "text", "text", "text""#,
    r#""%.*s|%*d|%-*d|%*d", 3, "abcdef", 5, 1, 5, 2, -5, 3"#,
    r#""%c|%3c|%-3c|", 'a', 'b', 'c'"#,
    r#""%%|%5d%%", 50"#,
    r#""%p", (void *)0x1234"#,
    r#""a very long line that goes past the end of the buffer that it is printed to, %s", "which is cut""#,
];

fn host_compiler() -> Option<&'static str> {
    ["cc", "gcc", "clang"].into_iter().find(|name| Command::new(name).arg("--version").output().is_ok_and(|output| output.status.success()))
}

#[test]
fn formats_print_as_the_c_library_prints_them() {
    let compiler = host_compiler().expect("there is no C compiler; `cargo xtask setup` installs one");
    let folder = std::env::temp_dir().join(format!("oxtee-printf-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let checks: String = CASES.iter().map(|case| format!("\tcheck({case});\n")).collect();
    let main = folder.join("main.c");
    let source = format!(
        r#"#include <limits.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
int kit_vsnprintf(char *buf, size_t size, const char *fmt, va_list args);
int kit_snprintf(char *buf, size_t size, const char *fmt, ...);
const char trace_ext_prefix[] = "TA";
const int trace_level = 4;
void trace_ext_puts(const char *text) {{ (void)text; }}
int trace_get_level(void) {{ return 4; }}
static int failures;
static void check(const char *fmt, ...)
{{
	char ours[64], theirs[64];
	va_list args;
	int our_len, their_len;
	va_start(args, fmt);
	our_len = kit_vsnprintf(ours, sizeof(ours), fmt, args);
	va_end(args);
	va_start(args, fmt);
	their_len = vsnprintf(theirs, sizeof(theirs), fmt, args);
	va_end(args);
	if (our_len != their_len || strcmp(ours, theirs)) {{
		printf("%s: \"%s\" (%d) instead of \"%s\" (%d)\n", fmt, ours, our_len, theirs, their_len);
		failures++;
	}}
}}
int main(void)
{{
	struct {{ uint32_t a; uint16_t b, c; uint8_t d[8]; }} uuid = {{ 0x8aaaf200, 0x2450, 0x11e4, {{ 0xab, 0xe2, 0, 2, 0xa5, 0xd5, 0xc5, 0x1b }} }};
	char text[64];
{checks}	kit_snprintf(text, sizeof(text), "%pUl", (void *)&uuid);
	if (strcmp(text, "8aaaf200-2450-11e4-abe2-0002a5d5c51b"))
		failures++;
	if (kit_snprintf(NULL, 0, "%d", 12345) != 5 || kit_snprintf(text, 1, "x") != 1 || text[0])
		failures++;
	return failures;
}}
"#
    );
    std::fs::write(&main, source).unwrap();
    let program = folder.join("printf");
    let names = ["vsnprintf", "snprintf", "sprintf", "vprintf", "printf", "puts", "putchar"];
    let object = folder.join("printf.o");
    // The kit's functions get other names, so that both are in one program.
    let mut compile = Command::new(compiler);
    compile.args(names.map(|name| format!("-D{name}=kit_{name}"))).args(["-c", "-ffreestanding", "-o"]).arg(&object);
    compile.arg("-I").arg(kit().join("include")).arg("-I").arg(kit().join("libc")).arg(kit().join("src/printf.c"));
    assert!(compile.status().unwrap().success());
    let mut link = Command::new(compiler);
    assert!(link.args(["-w", "-o"]).arg(&program).args([&main, &object]).status().unwrap().success());
    let output = Command::new(&program).output().unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(output.status.success(), "{}{}", String::from_utf8_lossy(&output.stdout), output.status);
}
