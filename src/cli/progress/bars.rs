//! Bars and spinners on a terminal.

use std::time::Instant;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use super::state::State;

/// What is drawn now; gone when this is dropped.
pub(super) struct Bars<'a> {
    lines: &'a MultiProgress,
    readings: Vec<ProgressBar>,
    run: Option<ProgressBar>,
}

impl<'a> Bars<'a> {
    pub(super) fn new(lines: &'a MultiProgress) -> Self {
        Self { lines, readings: Vec::new(), run: None }
    }

    /// Draws how far the work is.
    pub(super) fn show(&mut self, state: &State, now: Instant) {
        let Some((settled, total)) = state.share_of_run() else { return self.show_readings(&state.readings(now)) };
        self.show_readings(&[]);
        let bar =
            self.run.get_or_insert_with(|| self.lines.add(ProgressBar::new(total).with_style(style("{bar:24} {wide_msg}"))));
        bar.set_position(settled);
        bar.set_message(state.run_words(now).unwrap_or_default());
        bar.tick();
    }

    fn show_readings(&mut self, words: &[String]) {
        for gone in self.readings.drain(words.len().min(self.readings.len())..) {
            gone.finish_and_clear();
        }
        while self.readings.len() < words.len() {
            let template = if self.readings.is_empty() { "{spinner} {wide_msg}" } else { "  {wide_msg}" };
            self.readings.push(self.lines.add(ProgressBar::new_spinner().with_style(style(template))));
        }
        for (line, words) in self.readings.iter().zip(words) {
            line.set_message(words.clone());
            line.tick();
        }
    }
}

impl Drop for Bars<'_> {
    fn drop(&mut self) {
        self.readings.iter().chain(&self.run).for_each(ProgressBar::finish_and_clear);
    }
}

/// Plain characters and no colour: they look the same on every terminal.
fn style(template: &str) -> ProgressStyle {
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner());
    style.progress_chars("#>-").tick_chars("|/-\\ ")
}
