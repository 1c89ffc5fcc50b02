//! Words, texts and signs of a `$filter`.

/// A token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    Word(String),
    Text(String),
    Open,
    Close,
    Comma,
    Slash,
    Colon,
}

/// Cuts a filter into tokens.
///
/// # Errors
/// A sign that has no meaning, or a text without an end.
pub(super) fn tokens(filter: &str) -> Result<Vec<Token>, String> {
    let mut rest = filter;
    let mut found = Vec::new();
    while let Some(first) = rest.chars().next() {
        let (token, length) = match first {
            c if c.is_whitespace() => (None, c.len_utf8()),
            '(' => (Some(Token::Open), 1),
            ')' => (Some(Token::Close), 1),
            ',' => (Some(Token::Comma), 1),
            '/' => (Some(Token::Slash), 1),
            ':' => (Some(Token::Colon), 1),
            '\'' => text(rest)?,
            c if is_word(c) => word(rest),
            c => return Err(format!("the character '{c}' is not expected here")),
        };
        found.extend(token);
        rest = rest.get(length..).unwrap_or_default();
    }
    Ok(found)
}

/// A text in quotes, with its length; a doubled quote is a quote.
fn text(rest: &str) -> Result<(Option<Token>, usize), String> {
    let mut value = String::new();
    let mut letters = rest.char_indices().skip(1).peekable();
    while let Some((at, c)) = letters.next() {
        if c != '\'' {
            value.push(c);
        } else if letters.next_if(|(_, next)| *next == '\'').is_some() {
            value.push('\'');
        } else {
            return Ok((Some(Token::Text(value)), at + 1));
        }
    }
    Err("a text has no closing quote".to_owned())
}

/// A name, number, GUID or date. Only what begins with a digit may hold a colon: in `p:p eq` it separates.
fn word(rest: &str) -> (Option<Token>, usize) {
    let is_value = rest.starts_with(|c: char| c.is_ascii_digit());
    let end = rest.find(|c: char| !(is_word(c) || is_value && c == ':')).unwrap_or(rest.len());
    (rest.get(..end).map(|word| Token::Word(word.to_owned())), end.max(1))
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '$' | '@')
}
