// SPDX-License-Identifier: BSD-2-Clause
//! `tee-call`: calls a trusted application from the command line, on any system with OP-TEE or its like.

#![forbid(unsafe_code)]

mod list;
mod log;
mod login;
mod parameter;
mod report;

use clap::{ArgAction, ArgMatches, CommandFactory, FromArgMatches, Parser, Subcommand};
use log::LogArgs;
use parameter::Parameter;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::mpsc;
use std::time::Duration;
use tee_client::transport::linux::{ConnectError, LinuxContext};
use tee_client::{Error, Identity, Operation, Origin, Uuid};

/// Calls a command of a trusted application, lists what the TEE offers, or prints its log.
#[derive(Parser)]
#[command(
    name = "tee-call",
    version,
    // `log` stands where a TA would.
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    disable_help_subcommand = true,
    subcommand_help_heading = "Instead of a call",
    override_usage = "tee-call [OPTIONS] <UUID> <COMMAND>\n       tee-call --list [--json]\n       tee-call log [-f]",
    after_help = "\
Parameters are given to the TA in the order in which they stand, four at most. Numbers may be hexadecimal (0x...); a FILE may
be - for standard input or output.

Exit status:
   0  the call succeeded
   2  the command line is wrong
   3  there is no TEE, or its node cannot be opened
   4  a file cannot be read or written
  11  this side refused the call
  12  the call did not get through to the TEE
  13  the TEE answered with an error, such as that there is no such TA, or that it died
  14  the TA answered with an error

Examples:
  tee-call 8aaaf200-2450-11e4-abe2-0002a5d5c51b 1 --value 40,2
  tee-call 8aaaf200-2450-11e4-abe2-0002a5d5c51b 4 --out greeting.txt:64
  tee-call 8aaaf200-2450-11e4-abe2-0002a5d5c51b 5 --inout text.txt:reversed.txt
  tee-call --list
  tee-call log -f"
)]
struct Args {
    #[command(subcommand)]
    other: Option<Other>,
    /// The TA.
    #[arg(required_unless_present = "list")]
    uuid: Option<Uuid>,
    /// Its command.
    #[arg(value_parser = parameter::number, required_unless_present = "list")]
    command: Option<u32>,
    /// Two numbers both ways.
    #[arg(long, value_name = "A,B", value_parser = parameter::numbers)]
    value: Vec<(u32, u32)>,
    /// Two numbers for the TA.
    #[arg(long, value_name = "A,B", value_parser = parameter::numbers)]
    value_in: Vec<(u32, u32)>,
    /// Two numbers from the TA.
    #[arg(long, action = ArgAction::Append, num_args = 0, default_missing_value = "true")]
    value_out: Vec<bool>,
    /// A file that the TA reads.
    #[arg(long = "in", value_name = "FILE", allow_hyphen_values = true)]
    input: Vec<PathBuf>,
    /// A file that the TA writes, of at most SIZE bytes (65536 when it is not given).
    #[arg(long = "out", value_name = "FILE[:SIZE]", allow_hyphen_values = true, value_parser = parameter::output)]
    output: Vec<(PathBuf, usize)>,
    /// A file that the TA reads and writes; what it writes goes to OUTFILE if one is given.
    #[arg(long, value_name = "FILE[:OUTFILE]", allow_hyphen_values = true, value_parser = parameter::inout)]
    inout: Vec<(PathBuf, PathBuf)>,
    /// A memory reference that refers to nothing.
    #[arg(long, action = ArgAction::Append, num_args = 0, default_missing_value = "true")]
    null: Vec<bool>,
    /// Who this is: public, user, group:ID, application, user-application, group-application:ID.
    #[arg(long, default_value = "public", value_parser = login::parse)]
    login: Identity,
    /// Asks the TA to stop after that many milliseconds.
    #[arg(long, value_name = "MS")]
    cancel_after: Option<u64>,
    /// Node of the TEE; without it the first that there is.
    #[arg(long, value_name = "NODE")]
    device: Option<PathBuf>,
    /// Says which TEE this is and what it offers to the kernel.
    #[arg(long, conflicts_with_all = ["uuid", "command"])]
    list: bool,
    /// Prints one JSON object.
    #[arg(long)]
    json: bool,
}

/// What is no call.
#[derive(Subcommand)]
enum Other {
    /// Prints what the TEE and its TAs log, as far as it is still kept.
    Log(LogArgs),
}

/// Why there is no result.
#[derive(Debug)]
enum Failure {
    Usage(String),
    Connect(ConnectError),
    File(PathBuf, std::io::Error),
    Call(Error),
    NoLog(Error),
}

impl Failure {
    fn status(&self) -> u8 {
        match self {
            Self::Usage(_) => 2,
            Self::Connect(_) => 3,
            Self::File(..) => 4,
            Self::Call(error) | Self::NoLog(error) => match error.origin {
                Origin::Api => 11,
                Origin::Comms => 12,
                Origin::Tee => 13,
                Origin::TrustedApp => 14,
            },
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(why) => f.write_str(why),
            Self::Connect(error) => error.fmt(f),
            Self::File(path, error) => write!(f, "{}: {error}", path.display()),
            Self::Call(error) => error.fmt(f),
            Self::NoLog(error) => write!(f, "this TEE keeps no log for Linux: it has no pseudo-TA {} ({error})", utee_abi::pta::log::UUID),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Call(error)
    }
}

fn main() -> ExitCode {
    let matches = Args::command().get_matches();
    let args = match Args::from_arg_matches(&matches) {
        Ok(args) => args,
        Err(error) => error.exit(),
    };
    match run(&args, &matches) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            if args.json || matches!(&args.other, Some(Other::Log(LogArgs { json: true, .. }))) {
                println!("{}", report::failure(&failure));
            }
            eprintln!("tee-call: {failure}");
            ExitCode::from(failure.status())
        }
    }
}

fn connect(node: Option<&Path>) -> Result<LinuxContext, Failure> {
    node.map_or_else(LinuxContext::connect, LinuxContext::connect_to).map_err(Failure::Connect)
}

fn run(args: &Args, matches: &ArgMatches) -> Result<(), Failure> {
    if let Some(Other::Log(args)) = &args.other {
        return log::log(&connect(args.device.as_deref())?, args);
    }
    if args.list {
        return list::list(&connect(args.device.as_deref())?, args.json);
    }
    let (Some(uuid), Some(command)) = (args.uuid, args.command) else {
        return Err(Failure::Usage("a TA and a command are needed".into()));
    };
    let mut parameters = in_order(args, matches)?;
    let context = connect(args.device.as_deref())?;
    let session = context.open(uuid, args.login, &mut Operation::none())?;
    let (params, stop) = (parameter::convert(&mut parameters), mpsc::channel::<()>());
    let mut operation = Operation::new(params);
    let result = std::thread::scope(|scope| {
        let (end, ended) = stop;
        if let Some(after) = args.cancel_after {
            let handle = session.cancellation();
            scope.spawn(move || {
                if ended.recv_timeout(Duration::from_millis(after)) == Err(mpsc::RecvTimeoutError::Timeout) {
                    // The call may be over by now.
                    let _ = handle.cancel();
                }
            });
        }
        let result = session.invoke(command, &mut operation);
        drop(end);
        result
    });
    let results = parameter::results(&operation);
    for (parameter, result) in parameters.iter_mut().zip(results) {
        parameter.take(result);
    }
    report::outcome(&parameters, result, args.json)?;
    Ok(result?)
}

/// The parameters in the order of the command line.
fn in_order(args: &Args, matches: &ArgMatches) -> Result<Vec<Parameter>, Failure> {
    let mut found: Vec<(usize, Parameter)> = Vec::new();
    let mut add = |name: &str, parameters: Vec<Parameter>| {
        let indices = matches.indices_of(name).into_iter().flatten();
        found.extend(indices.zip(parameters));
    };
    let given = |name: &str, count: usize| if matches.contains_id(name) { count } else { 0 };
    add("value", args.value.iter().map(|(a, b)| Parameter::ValueInout(*a, *b)).collect());
    add("value_in", args.value_in.iter().map(|(a, b)| Parameter::ValueInput(*a, *b)).collect());
    add("value_out", vec![Parameter::ValueOutput(0, 0); given("value_out", args.value_out.len())]);
    add("null", vec![Parameter::Null(0); given("null", args.null.len())]);
    add("input", args.input.iter().map(|path| Parameter::input(path)).collect::<Result<_, _>>()?);
    add("output", args.output.iter().map(|(path, size)| Parameter::output(path, *size)).collect());
    add("inout", args.inout.iter().map(|(from, to)| Parameter::inout(from, to)).collect::<Result<_, _>>()?);
    found.sort_by_key(|(index, _)| *index);
    if found.len() > utee_abi::param::PARAMS {
        return Err(Failure::Usage(format!("{} parameters are given; a command takes four at most", found.len())));
    }
    Ok(found.into_iter().map(|(_, parameter)| parameter).collect())
}

#[cfg(test)]
mod tests {
    use super::{Args, Failure, Other, in_order};
    use crate::parameter::Parameter;
    use clap::{CommandFactory, FromArgMatches, Parser};
    use std::path::Path;
    use tee_client::{Error, Origin, TeeError};

    fn parse(line: &str) -> Result<Vec<Parameter>, String> {
        let words = ["tee-call"].into_iter().chain(line.split_whitespace());
        let matches = Args::command().try_get_matches_from(words).map_err(|error| error.to_string())?;
        let args = Args::from_arg_matches(&matches).map_err(|error| error.to_string())?;
        in_order(&args, &matches).map_err(|failure| failure.to_string())
    }

    const TA: &str = "8aaaf200-2450-11e4-abe2-0002a5d5c51b";

    #[test]
    fn parameters_keep_their_order() {
        let line = format!("{TA} 1 --value-out --value 1,0x2 --null --value-in 3,4");
        let expected = [Parameter::ValueOutput(0, 0), Parameter::ValueInout(1, 2), Parameter::Null(0), Parameter::ValueInput(3, 4)];
        assert_eq!(parse(&line).unwrap(), expected);
        let twice = format!("{TA} 1 --value-out --null --value-out");
        let expected = [Parameter::ValueOutput(0, 0), Parameter::Null(0), Parameter::ValueOutput(0, 0)];
        assert_eq!(parse(&twice).unwrap(), expected);
        assert_eq!(parse(&format!("{TA} 0")).unwrap(), []);
    }

    #[test]
    fn what_is_wrong_is_said() {
        for line in ["", "not-a-uuid 1", TA, &format!("{TA} x"), &format!("{TA} 1 --value 1"), &format!("{TA} 1 --login group")] {
            assert!(parse(line).is_err(), "{line}");
        }
        let many = format!("{TA} 1 --null --null --null --null --null");
        assert!(parse(&many).unwrap_err().contains("four at most"));
        assert_eq!(parse(&format!("{TA} 1 --out -:12 --null")).unwrap(), [Parameter::output("-".as_ref(), 12), Parameter::Null(0)]);
        assert_eq!(parse(&format!("--out - {TA} 1")).unwrap(), [Parameter::output("-".as_ref(), 65536)]);
        assert!(parse(&format!("{TA} 1 --in /there/is/no/such/file")).unwrap_err().contains("/there/is/no/such/file"));
    }

    #[test]
    fn a_hyphen_is_a_file() {
        let words = ["tee-call", TA, "1", "--in", "-", "--inout", "-:there", "--out", "-:0x10", "--in", "here"];
        let args = Args::try_parse_from(words).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(args.input, [Path::new("-"), Path::new("here")]);
        assert_eq!(args.inout, [("-".into(), "there".into())]);
        assert_eq!(args.output, [("-".into(), 16)]);
    }

    #[test]
    fn the_log_stands_where_a_ta_would() {
        for line in ["log", "log -f", "log --follow --from end", "log --from 17 --json --device /dev/tee1"] {
            let args = Args::try_parse_from(["tee-call"].into_iter().chain(line.split_whitespace()));
            assert!(matches!(args, Ok(Args { other: Some(Other::Log(_)), uuid: None, .. })), "{line}");
        }
        for line in ["log -f --json", "log --from x", "log 1", "--list log", &format!("{TA} 1 log"), &format!("{TA} log")] {
            assert!(Args::try_parse_from(["tee-call"].into_iter().chain(line.split_whitespace())).is_err(), "{line}");
        }
        let none = Failure::NoLog(Error { code: TeeError::ITEM_NOT_FOUND, origin: Origin::Tee });
        assert!(none.status() == 13 && none.to_string().contains("keeps no log"), "{none}");
    }

    #[test]
    fn the_command_line_is_consistent() {
        Args::command().debug_assert();
    }
}
