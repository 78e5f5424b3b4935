// SPDX-License-Identifier: BSD-2-Clause
//! The planner on what the C cross compiler and linker really make, compared with what `readelf` and `nm` say.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use ta_loader::error::ElfError;
use ta_loader::link::{Module, link, lookup};
use ta_loader::plan::{Machine, Rights, Value};
use ta_loader::{Limits, LoadError, LoadPlan, plan};
use utee_abi::ta_head::{TaFlags, TaLimits};

const LIMITS: Limits = Limits { memory: 16 << 20, segments: 8, relocations: 4096 };
const COMMON: &[&str] = &["-ffreestanding", "-nostdlib", "-fpic", "-pie", "-Wall", "-Werror", "-Wl,-e,__ta_entry", "-Wl,--build-id=none"];

fn run(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output().unwrap();
    assert!(output.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// What the development kit lists as dynamic symbols.
const EXPORTS: &[&str] =
    &["-Wl,--export-dynamic-symbol=ta_head", "-Wl,--export-dynamic-symbol=oxtee_ta_limits", "-Wl,--export-dynamic-symbol=__elf_phdr_info"];

/// A file that is built for one test.
struct Built(PathBuf);

impl Built {
    fn new(name: &str, options: &[&str]) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/c/ta.c");
        run("arm-linux-gnueabihf-gcc", &[COMMON, options, &["-o", path.to_str().unwrap(), source]].concat());
        Self(path)
    }

    fn bytes(&self) -> Vec<u8> {
        std::fs::read(&self.0).unwrap()
    }

    /// Addresses by symbol, with the Thumb bit of functions.
    fn symbols(&self) -> BTreeMap<String, u64> {
        let listing = run("arm-linux-gnueabihf-readelf", &["-sW", self.0.to_str().unwrap()]);
        let symbol = |line: &str| {
            let fields: Vec<&str> = line.split_whitespace().collect();
            let value = u64::from_str_radix(fields.get(1)?, 16).ok()?;
            Some(((*fields.get(7)?).to_owned(), value))
        };
        listing.lines().filter_map(symbol).collect()
    }

    /// Places of dynamic relocations.
    fn places(&self) -> BTreeSet<u64> {
        let listing = run("arm-linux-gnueabihf-readelf", &["-rW", self.0.to_str().unwrap()]);
        let rows = listing.lines().filter(|line| line.contains(" R_ARM_") && !line.contains("R_ARM_NONE"));
        rows.map(|line| u64::from_str_radix(line.split_whitespace().next().unwrap(), 16).unwrap()).collect()
    }

    fn check(&self) -> LoadPlan {
        let plan = plan(&self.bytes(), &LIMITS).unwrap();
        let symbols = self.symbols();
        assert_eq!(plan.machine, Machine::Arm);
        let program = plan.program.as_ref().unwrap();
        assert_eq!(program.entry, symbols["__ta_entry"]);
        assert_eq!((program.head.stack_size, program.flags), (8192, TaFlags::SINGLE_INSTANCE));
        assert_eq!(plan.uuid.to_string(), "8aaaf200-2450-11e4-abe2-0002a5d5c51b");
        assert_eq!(program.limits, Some(TaLimits { time_limit_ms: 1500, abandoned_limit: 0 }));
        assert_eq!(plan.phdr_info, Some(symbols["__elf_phdr_info"]));

        let values: BTreeMap<u64, Value> = plan.relocations.iter().map(|relocation| (relocation.vaddr, relocation.value)).collect();
        assert_eq!(values.keys().copied().collect::<BTreeSet<u64>>(), self.places());
        let table = symbols["table"];
        assert_eq!(values[&table], Value::Relative(symbols["visible"]));
        assert_eq!(values[&(table + 4)], Value::Relative(symbols["hidden"]));
        assert_eq!(values[&(table + 8)], Value::Relative(symbols["visible"]));
        // The linker may leave out a weak symbol that nothing defines; the word is then 0 in the file.
        assert!(matches!(values.get(&(table + 12)), None | Some(Value::Absolute(0))));
        assert_eq!(values[&symbols["inside"]], Value::Relative(symbols["zeros"] + 1234));
        for word in 0..3 {
            assert!(matches!(values[&(symbols["names"] + 4 * word)], Value::Relative(_)));
        }
        for segment in &plan.segments {
            assert_eq!(segment.relocated, segment.rights == Rights::ReadWrite);
        }
        plan
    }
}

#[test]
#[cfg_attr(not(arm_gcc), ignore = "needs arm-linux-gnueabihf-gcc")]
fn what_the_linker_does_by_itself_loads() {
    Built::new("default", EXPORTS).check();
    for style in ["gnu", "sysv", "both"] {
        for mode in ["-marm", "-mthumb"] {
            let style_option = format!("-Wl,--hash-style={style}");
            let options = ["-O2", mode, &style_option, "-Wl,-z,max-page-size=4096"];
            let built = Built::new(&format!("{style}{mode}"), &[&options, EXPORTS].concat());
            assert_eq!(built.check().program.unwrap().entry & 1, u64::from(mode == "-mthumb"));
        }
    }
}

#[test]
#[cfg_attr(not(arm_gcc), ignore = "needs arm-linux-gnueabihf-gcc")]
fn the_layout_of_the_development_kit_loads() {
    let script = format!("-Wl,-T,{}/tests/c/separate.ld", env!("CARGO_MANIFEST_DIR"));
    let options = ["-O2", "-mthumb", &script, "-Wl,-z,max-page-size=4096"];
    let plan = Built::new("kit", &[&options, EXPORTS].concat()).check();
    let [text, data] = &plan.segments[..] else { panic!("{:?}", plan.segments) };
    assert_eq!((text.vaddr, text.rights, text.file.start), (0, Rights::ReadExecute, 4096));
    assert_eq!((data.rights, data.page_start), (Rights::ReadWrite, text.pages * 4096));
    assert!(data.mem_len > 10_000);
    assert_eq!(plan.headers.vaddr, None);
}

#[test]
#[cfg_attr(not(arm_gcc), ignore = "needs arm-linux-gnueabihf-gcc")]
fn symbols_are_not_needed_at_run_time() {
    let built = Built::new("stripped", &["-s", "-Wl,-z,max-page-size=4096"]);
    let plan = plan(&built.bytes(), &LIMITS).unwrap();
    assert_eq!(plan.program.unwrap().head.stack_size, 8192);
    assert_eq!(plan.relocations.len(), built.places().len());
}

#[test]
#[cfg_attr(not(arm_gcc), ignore = "needs arm-linux-gnueabihf-gcc")]
fn programs_for_linux_do_not_load() {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("linux");
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/c/ta.c");
    let options = ["-shared", "-fpic", "-Wl,--no-as-needed", "-o", path.to_str().unwrap(), source];
    run("arm-linux-gnueabihf-gcc", &options);
    let error = plan(&std::fs::read(&path).unwrap(), &LIMITS).unwrap_err();
    assert!(matches!(error, LoadError::Elf(ElfError::Needed(name)) if name.to_string().starts_with("lib")), "{error}");
}

const LIBRARY: &str = "ffd2bded-ab7d-4988-95ee-e4962fff7154";

#[test]
#[cfg_attr(not(arm_gcc), ignore = "needs arm-linux-gnueabihf-gcc")]
fn a_library_of_the_linker_is_linked_with_a_ta() {
    for style in ["-Wl,--hash-style=gnu", "-Wl,--hash-style=sysv"] {
        let source = |name: &str| format!("{}/tests/c/{name}", env!("CARGO_MANIFEST_DIR"));
        let library = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("library{style}.so"));
        let path = library.to_str().unwrap();
        let soname = format!("-Wl,-soname,{LIBRARY}");
        let options = ["-O2", "-ffreestanding", "-nostdlib", "-fpic", "-shared", "-Wall", "-Werror", "-Wl,-z,max-page-size=4096", style];
        run("arm-linux-gnueabihf-gcc", &[&options[..], &[&soname, "-o", path, &source("library.c")]].concat());
        let user = source("user.c");
        let exported = ["visible", "interposed", "__tls_get_addr"].map(|name| format!("-Wl,--export-dynamic-symbol={name}"));
        let mut options = vec!["-O2", "-Wl,-z,max-page-size=4096", style, &user, path];
        options.extend(exported.iter().map(String::as_str));
        let ta = Built::new(&format!("user{style}"), &[&options, EXPORTS].concat());
        let library = Built(library);

        let files = [ta.bytes(), library.bytes()];
        let plans = files.each_ref().map(|file| plan(file, &LIMITS).unwrap());
        assert_eq!(plans[0].needed, [LIBRARY.parse().unwrap()]);
        assert_eq!((plans[1].uuid.to_string(), plans[1].program.is_none(), plans[1].tls_len > 0), (LIBRARY.into(), true, true));
        let modules = [0, 1].map(|index| Module { elf: &files[index], plan: &plans[index], base: [0x10_0000, 0x50_0000][index] });
        let symbols = [ta.symbols(), library.symbols()];
        let at = |index: usize, name: &str| symbols[index][name] + modules[index].base;
        // Every word of each module, as loading leaves it.
        let words = [0, 1].map(|index| {
            let base = modules[index].base;
            let own = plans[index].relocations.iter().map(|relocation| match relocation.value {
                Value::Relative(value) => (relocation.vaddr, value + base),
                Value::Absolute(value) => (relocation.vaddr, value),
            });
            let words: BTreeMap<u64, u64> = own.chain(link(&modules, index).unwrap().iter().map(|word| (word.vaddr, word.value))).collect();
            assert_eq!(words.keys().copied().collect::<BTreeSet<u64>>(), [&ta, &library][index].places());
            words
        });
        assert_eq!(words[0][&symbols[0]["taken"]], at(1, "shared_count"));
        // Addresses that the library takes are the TA's where the TA has the symbol, also in its own data.
        assert_eq!(words[1][&symbols[1]["chosen"]], at(0, "interposed"));
        assert_eq!(words[1][&symbols[1]["count"]], at(1, "shared_count"));
        let values = |index: usize| words[index].values().copied().collect::<BTreeSet<u64>>();
        for (index, owner, name) in
            [(0, 1, "from_library"), (0, 1, "shared_count"), (1, 0, "visible"), (1, 0, "interposed"), (1, 0, "__tls_get_addr")]
        {
            assert!(values(index).contains(&at(owner, name)), "{name}");
        }
        // Thread-local storage of the library: its second module, at the offset of the symbol.
        assert!(values(0).contains(&2) && values(0).contains(&symbols[1]["per_thread"]));
        assert!(values(1).contains(&2));
        assert_eq!(lookup(&modules, Some(1), b"interposed"), Some(at(1, "interposed")));
        assert_eq!(lookup(&modules, None, b"interposed"), Some(at(0, "interposed")));
    }
}
