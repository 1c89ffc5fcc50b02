//! The grammar of `$filter`: `or` binds weaker than `and`, that weaker than `not`.

use super::super::errors::Failure;
use super::expr::{Expr, Literal, Op, Path};
use super::tokens::{Token, tokens};

/// Parentheses within parentheses; deeper ones could exhaust the stack.
const MAX_DEPTH: usize = 40;
/// Alternatives in one filter, as the directory counts them.
const MAX_CLAUSES: usize = 15;

/// Reads a filter.
///
/// # Errors
/// Graph's answer to what it cannot read.
pub(crate) fn parse(filter: &str) -> Result<Expr, Failure> {
    let invalid = |why: String| Failure::malformed(format!("Invalid filter clause: {why}."));
    let mut parser = Parser { tokens: tokens(filter).map_err(invalid)?, at: 0, depth: 0, variable: None };
    let expr = parser.or().map_err(invalid)?;
    match parser.next() {
        None => Ok(()),
        Some(token) => Err(invalid(format!("{} is not expected here", describe(&token)))),
    }?;
    check_clauses(&expr)?;
    Ok(expr)
}

fn check_clauses(expr: &Expr) -> Result<(), Failure> {
    let too_many = |count: usize| {
        let message = format!(
            "Too many child clauses specified in search filter expression containing 'OR' operators: {count}. Max allowed: {MAX_CLAUSES}."
        );
        if count > MAX_CLAUSES { Err(Failure::unsupported(message)) } else { Ok(()) }
    };
    match expr {
        Expr::And(parts) => parts.iter().try_for_each(check_clauses),
        Expr::Or(parts) => too_many(parts.len()).and_then(|()| parts.iter().try_for_each(check_clauses)),
        Expr::In { values, .. } => too_many(values.len()),
        Expr::Not(inner) => check_clauses(inner),
        Expr::Any { condition: Some(inner), .. } => check_clauses(inner),
        Expr::Any { condition: None, .. } | Expr::Compare { .. } | Expr::Affix { .. } => Ok(()),
    }
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
    /// The variable of the `any` that is being read.
    variable: Option<String>,
}

type Parsed<T> = Result<T, String>;

impl Parser {
    fn next(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.at).cloned();
        self.at += usize::from(token.is_some());
        token
    }

    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn take_word(&mut self, word: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Word(own)) if own.eq_ignore_ascii_case(word));
        self.at += usize::from(found);
        found
    }

    fn take(&mut self, token: &Token) -> bool {
        let found = self.peek() == Some(token);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, token: &Token) -> Parsed<()> {
        if self.take(token) { Ok(()) } else { Err(format!("{} is missing", describe(token))) }
    }

    fn or(&mut self) -> Parsed<Expr> {
        let mut parts = vec![self.and()?];
        while self.take_word("or") {
            parts.push(self.and()?);
        }
        Ok(if parts.len() > 1 { Expr::Or(parts) } else { parts.remove(0) })
    }

    fn and(&mut self) -> Parsed<Expr> {
        let mut parts = vec![self.not()?];
        while self.take_word("and") {
            parts.push(self.not()?);
        }
        Ok(if parts.len() > 1 { Expr::And(parts) } else { parts.remove(0) })
    }

    fn not(&mut self) -> Parsed<Expr> {
        if !self.take_word("not") {
            return self.primary();
        }
        self.deeper()?;
        let inner = self.not()?;
        self.depth -= 1;
        Ok(Expr::Not(Box::new(inner)))
    }

    fn deeper(&mut self) -> Parsed<()> {
        self.depth += 1;
        if self.depth > MAX_DEPTH { Err("it is nested too deeply".to_owned()) } else { Ok(()) }
    }

    fn primary(&mut self) -> Parsed<Expr> {
        if self.take(&Token::Open) {
            return self.group();
        }
        let Some(Token::Word(word)) = self.next() else { return Err("a property or function is expected".to_owned()) };
        if self.peek() == Some(&Token::Open) {
            return self.function(&word);
        }
        let path = self.path(word)?;
        match path {
            Start::Any(expr) => Ok(expr),
            Start::Path(path) => self.comparison(path),
        }
    }

    fn group(&mut self) -> Parsed<Expr> {
        self.deeper()?;
        let inner = self.or()?;
        self.expect(&Token::Close)?;
        self.depth -= 1;
        Ok(inner)
    }

    fn function(&mut self, name: &str) -> Parsed<Expr> {
        let at_end = match name.to_ascii_lowercase().as_str() {
            "startswith" => false,
            "endswith" => true,
            _ => return Err(format!("the function '{name}' is not supported")),
        };
        self.expect(&Token::Open)?;
        let Some(Token::Word(word)) = self.next() else { return Err("a property is expected".to_owned()) };
        let Start::Path(path) = self.path(word)? else { return Err("a property is expected".to_owned()) };
        self.expect(&Token::Comma)?;
        let Some(Token::Text(text)) = self.next() else { return Err("a text in quotes is expected".to_owned()) };
        self.expect(&Token::Close)?;
        Ok(Expr::Affix { path, at_end, text })
    }

    /// A path from its first word on; with `any(…)` at its end it is a condition of its own.
    fn path(&mut self, first: String) -> Parsed<Start> {
        let mut path = Path::default();
        match &self.variable {
            Some(variable) if *variable != first => return Err(format!("'{first}' is not the variable of the lambda")),
            Some(_) => {}
            None => path.segments.push(first),
        }
        while self.take(&Token::Slash) {
            match self.next() {
                Some(Token::Word(word)) if word == "$count" => {
                    path.is_count = true;
                    return Ok(Start::Path(path));
                }
                Some(Token::Word(word)) if matches!(word.as_str(), "any" | "all") && self.peek() == Some(&Token::Open) => {
                    return self.lambda(path, &word).map(Start::Any);
                }
                Some(Token::Word(word)) => path.segments.push(word),
                Some(_) | None => return Err("a name is expected behind '/'".to_owned()),
            }
        }
        Ok(Start::Path(path))
    }

    fn lambda(&mut self, path: Path, word: &str) -> Parsed<Expr> {
        if word == "all" || self.variable.is_some() {
            return Err("only one 'any' is supported".to_owned());
        }
        self.expect(&Token::Open)?;
        if self.take(&Token::Close) {
            return Ok(Expr::Any { path, condition: None });
        }
        let Some(Token::Word(variable)) = self.next() else { return Err("the variable of the lambda is missing".to_owned()) };
        self.expect(&Token::Colon)?;
        self.variable = Some(variable);
        let condition = self.or()?;
        self.variable = None;
        self.expect(&Token::Close)?;
        Ok(Expr::Any { path, condition: Some(Box::new(condition)) })
    }

    fn comparison(&mut self, path: Path) -> Parsed<Expr> {
        let Some(Token::Word(word)) = self.next() else { return Err("an operator is missing".to_owned()) };
        let op = match word.as_str() {
            "eq" => Op::Eq,
            "ne" => Op::Ne,
            "ge" => Op::Ge,
            "le" => Op::Le,
            "gt" => Op::Gt,
            "lt" => Op::Lt,
            "in" => return Ok(Expr::In { path, values: self.list()? }),
            _ => return Err(format!("'{word}' is no operator that is supported")),
        };
        Ok(Expr::Compare { path, op, value: self.literal()? })
    }

    fn list(&mut self) -> Parsed<Vec<Literal>> {
        self.expect(&Token::Open)?;
        let mut values = vec![self.literal()?];
        while self.take(&Token::Comma) {
            values.push(self.literal()?);
        }
        self.expect(&Token::Close)?;
        Ok(values)
    }

    fn literal(&mut self) -> Parsed<Literal> {
        match self.next() {
            Some(Token::Text(text)) => Ok(Literal::Text(text)),
            Some(Token::Word(word)) => Ok(match word.as_str() {
                "true" => Literal::Bool(true),
                "false" => Literal::Bool(false),
                "null" => Literal::Null,
                _ => Literal::Bare(word),
            }),
            Some(_) | None => Err("a value is missing".to_owned()),
        }
    }
}

/// What a word in front can begin.
enum Start {
    Path(Path),
    Any(Expr),
}

fn describe(token: &Token) -> String {
    match token {
        Token::Word(word) => format!("'{word}'"),
        Token::Text(text) => format!("the text '{text}'"),
        Token::Open => "'('".to_owned(),
        Token::Close => "')'".to_owned(),
        Token::Comma => "','".to_owned(),
        Token::Slash => "'/'".to_owned(),
        Token::Colon => "':'".to_owned(),
    }
}
