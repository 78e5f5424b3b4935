// SPDX-License-Identifier: BSD-2-Clause
//! The line editor against a model of it, and against whatever bytes come.

use proptest::prelude::{Just, Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest};
use tee_core::console::editor::{Editor, Event, HISTORY, LINE, SHOWN};

/// A key of a terminal.
#[derive(Clone, Copy, Debug)]
enum Key {
    Letter(char),
    Left,
    Right,
    Home,
    End,
    Backspace,
    Delete,
    KillToEnd,
    KillToStart,
    KillWord,
    Older,
    Newer,
    Enter,
    Drop,
    Redraw,
}

impl Key {
    /// What a terminal sends; keys that have several ways in choose by `way`.
    fn bytes(self, way: bool) -> Vec<u8> {
        let pick = |one: &[u8], other: &[u8]| if way { one.to_vec() } else { other.to_vec() };
        match self {
            Self::Letter(letter) => letter.to_string().into_bytes(),
            Self::Left => pick(b"\x1b[D", b"\x02"),
            Self::Right => pick(b"\x1bOC", b"\x06"),
            Self::Home => pick(b"\x1b[1~", b"\x01"),
            Self::End => pick(b"\x1b[F", b"\x05"),
            Self::Backspace => pick(b"\x7f", b"\x08"),
            Self::Delete => pick(b"\x1b[3~", b"\x1b[3;5~"),
            Self::KillToEnd => b"\x0b".to_vec(),
            Self::KillToStart => b"\x15".to_vec(),
            Self::KillWord => b"\x17".to_vec(),
            Self::Older => pick(b"\x1b[A", b"\x10"),
            Self::Newer => pick(b"\x1b[B", b"\x0e"),
            Self::Enter => pick(b"\r", b"\r\n"),
            Self::Drop => b"\x03".to_vec(),
            Self::Redraw => b"\x0c".to_vec(),
        }
    }
}

fn key() -> impl Strategy<Value = Key> {
    prop_oneof![
        8 => prop_oneof![Just(' '), proptest::char::range('a', 'e'), proptest::char::range('!', '~')].prop_map(Key::Letter),
        6 => prop_oneof![Just(Key::Left), Just(Key::Right), Just(Key::Home), Just(Key::End), Just(Key::Backspace), Just(Key::Delete)],
        1 => prop_oneof![Just(Key::KillToEnd), Just(Key::KillToStart), Just(Key::KillWord), Just(Key::Drop), Just(Key::Redraw)],
        2 => prop_oneof![Just(Key::Older), Just(Key::Newer), Just(Key::Enter)],
    ]
}

/// What an editor does, as simply as it can be said: the text before the cursor and behind it, and lines by number.
#[derive(Default)]
struct Model {
    before: String,
    behind: String,
    entered: Vec<String>,
    back: usize,
    draft: String,
}

impl Model {
    fn line(&self) -> String {
        self.before.clone() + &self.behind
    }

    fn set(&mut self, line: String) {
        (self.before, self.behind) = (line, String::new());
    }

    fn recall(&mut self, back: usize) {
        let all = [self.entered.clone(), vec![if self.back == 0 { self.line() } else { self.draft.clone() }]].concat();
        let Some(index) = (all.len() - 1).checked_sub(back) else { return };
        self.draft.clone_from(&all[all.len() - 1]);
        self.back = back;
        self.set(all[index].clone());
    }

    fn key(&mut self, key: Key) {
        match key {
            Key::Letter(letter) if self.line().len() < LINE => self.before.push(letter),
            Key::Left => self.behind = self.before.pop().map_or(String::new(), String::from) + &self.behind,
            Key::Right if !self.behind.is_empty() => self.before.push(self.behind.remove(0)),
            Key::Home => (self.before, self.behind) = (String::new(), self.line()),
            Key::End => self.set(self.line()),
            Key::Backspace => drop(self.before.pop()),
            Key::Delete if !self.behind.is_empty() => drop(self.behind.remove(0)),
            Key::KillToEnd => self.behind.clear(),
            Key::KillToStart => self.before.clear(),
            Key::KillWord => {
                let kept = self.before.trim_end_matches(' ').trim_end_matches(|c| c != ' ').len();
                self.before.truncate(kept);
            }
            Key::Older => self.recall(self.back + 1),
            Key::Newer if self.back > 0 => self.recall(self.back - 1),
            Key::Enter => {
                let line = self.line();
                if !line.is_empty() && self.entered.last() != Some(&line) {
                    self.entered.push(line);
                }
                if self.entered.len() > HISTORY {
                    self.entered.remove(0);
                }
                self.restart();
            }
            Key::Drop => self.restart(),
            _ => {}
        }
    }

    fn restart(&mut self) {
        self.set(String::new());
        (self.back, self.draft) = (0, String::new());
    }
}

/// What a terminal shows in the line: the text, and the column of the cursor.
fn screen(rendered: &[u8]) -> (String, usize) {
    let text = String::from_utf8(rendered.to_vec()).unwrap();
    match text.split_once("\x1b[") {
        None => (text.clone(), text.len()),
        Some((shown, back)) => (shown.into(), shown.len() - back.trim_end_matches('D').parse::<usize>().unwrap()),
    }
}

proptest! {
    #[test]
    fn it_does_what_the_model_does(keys in proptest::collection::vec((key(), any::<bool>()), 0..400)) {
        let (mut editor, mut model) = (Editor::new(), Model::default());
        for (key, way) in keys {
            for byte in key.bytes(way) {
                if editor.key(byte) == Event::Entered {
                    let (line, wanted) = (editor.take(), model.line());
                    prop_assert_eq!(&line[..], wanted.as_bytes());
                }
            }
            model.key(key);
            let (line, cursor) = editor.line();
            let wanted = model.line();
            prop_assert_eq!((line, cursor), (wanted.as_bytes(), model.before.len()), "after {:?}", key);
            let (shown, column) = screen(&editor.render());
            let shown = shown.strip_prefix("> ").expect("the prompt comes first");
            prop_assert!(model.before.ends_with(&shown[..column - 2]) && model.behind.starts_with(&shown[column - 2..]));
        }
    }

    #[test]
    fn no_bytes_break_it(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        let mut editor = Editor::new();
        for byte in bytes {
            if editor.key(byte) == Event::Entered {
                editor.take();
            }
            let (line, cursor) = editor.line();
            prop_assert!(line.len() <= LINE && cursor <= line.len());
            prop_assert!(line.iter().all(|byte| matches!(byte, b' '..=b'~')));
            prop_assert!(editor.render().len() <= SHOWN);
        }
    }
}

#[test]
fn keys_that_mean_nothing_say_so() {
    let mut editor = Editor::new();
    for keys in [&b"\x1b[A"[..], b"\x1b[Z", b"\x1bx", b"\x7f", b"\x80", b"\t", b"\x1b[3~", b"\x1b[D", b"\x1b[C", b"\x0e"] {
        let events: Vec<_> = keys.iter().map(|byte| editor.key(*byte)).collect();
        assert_eq!(events.last(), Some(&Event::Refused), "{keys:x?}");
        assert!(events[..events.len() - 1].iter().all(|event| *event == Event::None), "{keys:x?}");
    }
    assert_eq!((editor.key(0), editor.key(4), editor.key(b'\n')), (Event::None, Event::Left, Event::Entered));
}
