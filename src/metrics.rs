//! Counters and histograms, and their output in Prometheus' text format, version 0.0.4.
//!
//! The caller decides what is counted and under which name. A label never holds text from a peer.

use std::fmt::{Display, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

/// The `Content-Type` of the text.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// A count that only grows.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// Adds one.
    pub fn count(&self) {
        self.add(1);
    }

    /// Adds `count`.
    pub fn add(&self, count: usize) {
        self.0.fetch_add(count as u64, Ordering::Relaxed);
    }

    /// The count.
    #[must_use]
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// An amount that goes up and down.
#[derive(Debug, Default)]
pub struct Gauge(AtomicUsize);

impl Gauge {
    /// The amount.
    #[must_use]
    pub fn get(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    /// Adds to the amount.
    pub fn add(&self, amount: usize) {
        self.0.fetch_add(amount, Ordering::Relaxed);
    }

    /// Subtracts what was added before.
    pub fn subtract(&self, amount: usize) {
        self.0.fetch_sub(amount, Ordering::Relaxed);
    }
}

/// One part of a [`Gauge`] that is a sum. Dropped, it is no longer part of it.
#[derive(Debug, Default)]
pub struct GaugePart {
    /// The sum.
    sum: Arc<Gauge>,
    /// This part of it.
    amount: AtomicUsize,
}

impl GaugePart {
    /// A part of `sum`, 0 so far.
    #[must_use]
    pub fn of(sum: &Arc<Gauge>) -> GaugePart {
        GaugePart { sum: Arc::clone(sum), amount: AtomicUsize::new(0) }
    }

    /// This part.
    #[must_use]
    pub fn get(&self) -> usize {
        self.amount.load(Ordering::Relaxed)
    }

    /// Sets this part, and changes the sum by the difference.
    pub fn set(&self, amount: usize) {
        let before = self.amount.swap(amount, Ordering::Relaxed);
        self.sum.add(amount);
        self.sum.subtract(before);
    }
}

impl Drop for GaugePart {
    fn drop(&mut self) {
        self.set(0);
    }
}

/// A counter for each of a fixed list of words.
#[derive(Debug)]
pub struct Family<const N: usize> {
    /// The words, in the order of the output.
    words: [&'static str; N],
    /// The counter of each word.
    counters: [Counter; N],
}

impl<const N: usize> Family<N> {
    /// A counter for each of `words`; the last one counts every other word.
    #[must_use]
    pub fn new(words: [&'static str; N]) -> Family<N> {
        Family { words, counters: std::array::from_fn(|_| Counter::default()) }
    }

    /// Adds one to `word`.
    pub fn count(&self, word: &str) {
        let index = self.words.iter().position(|known| *known == word);
        let counter = index.map_or(self.counters.last(), |index| self.counters.get(index));
        counter.into_iter().for_each(Counter::count);
    }

    /// Each word and its count.
    pub fn each(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.words.iter().copied().zip(self.counters.iter().map(Counter::get))
    }
}

/// Upper bounds of the buckets of a [`Histogram`]: from the time memory takes to that of a bad
/// disk.
const BOUNDS: [Duration; 11] = [
    Duration::from_micros(50),
    Duration::from_micros(100),
    Duration::from_micros(250),
    Duration::from_micros(500),
    Duration::from_millis(1),
    Duration::from_micros(2_500),
    Duration::from_millis(5),
    Duration::from_millis(10),
    Duration::from_millis(50),
    Duration::from_millis(250),
    Duration::from_secs(1),
];

/// A histogram of durations.
#[derive(Debug, Default)]
pub struct Histogram {
    /// The count within each bound and not within the one before; the last is beyond all.
    buckets: [Counter; BOUNDS.len() + 1],
    /// The sum of all durations, in ns.
    nanos: AtomicU64,
}

impl Histogram {
    /// Adds one duration.
    pub fn observe(&self, took: Duration) {
        let index = BOUNDS.iter().position(|bound| took <= *bound).unwrap_or(BOUNDS.len());
        self.buckets.get(index).into_iter().for_each(Counter::count);
        let nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        self.nanos.fetch_add(nanos, Ordering::Relaxed);
    }
}

/// The text, metric by metric. Names are the caller's constants.
#[derive(Debug, Default)]
pub struct PrometheusText(String);

impl PrometheusText {
    /// Writes the two comment lines of a metric.
    fn head(&mut self, name: &str, kind: &str, help: &str) {
        self.line(format_args!("# HELP {name} {help}"));
        self.line(format_args!("# TYPE {name} {kind}"));
    }

    fn line(&mut self, line: impl Display) {
        writeln!(self.0, "{line}").ok(); // writing to a String cannot fail
    }

    /// Writes a counter.
    pub fn counter(&mut self, name: &str, help: &str, value: impl Display) {
        self.head(name, "counter", help);
        self.line(format_args!("{name} {value}"));
    }

    /// Writes a gauge: a value that goes up and down.
    pub fn gauge(&mut self, name: &str, help: &str, value: impl Display) {
        self.head(name, "gauge", help);
        self.line(format_args!("{name} {value}"));
    }

    /// Writes a gauge for each of a few words.
    pub fn gauges<V: Display>(
        &mut self,
        name: &str,
        help: &str,
        label: &str,
        values: impl IntoIterator<Item = (&'static str, V)>,
    ) {
        self.head(name, "gauge", help);
        self.labelled(name, label, values);
    }

    /// Writes a counter for each of a few words.
    pub fn counters<V: Display>(
        &mut self,
        name: &str,
        help: &str,
        label: &str,
        values: impl IntoIterator<Item = (&'static str, V)>,
    ) {
        self.head(name, "counter", help);
        self.labelled(name, label, values);
    }

    fn labelled<V: Display>(
        &mut self,
        name: &str,
        label: &str,
        values: impl IntoIterator<Item = (&'static str, V)>,
    ) {
        for (word, value) in values {
            self.line(format_args!("{name}{{{label}=\"{word}\"}} {value}"));
        }
    }

    /// Writes a counter for each word of a family.
    pub fn family<const N: usize>(
        &mut self,
        name: &str,
        help: &str,
        label: &str,
        family: &Family<N>,
    ) {
        self.counters(name, help, label, family.each());
    }

    /// Writes a histogram, in seconds.
    pub fn histogram(&mut self, name: &str, help: &str, histogram: &Histogram) {
        self.head(name, "histogram", help);
        let mut so_far = 0_u64;
        for (index, bucket) in histogram.buckets.iter().enumerate() {
            so_far = so_far.saturating_add(bucket.get());
            let bound = BOUNDS.get(index).map(Duration::as_secs_f64);
            let bound = bound.map_or(String::from("+Inf"), |bound| bound.to_string());
            self.line(format_args!("{name}_bucket{{le=\"{bound}\"}} {so_far}"));
        }
        let nanos = histogram.nanos.load(Ordering::Relaxed);
        let seconds = Duration::from_nanos(nanos).as_secs_f64();
        self.line(format_args!("{name}_sum {seconds}"));
        self.line(format_args!("{name}_count {so_far}"));
    }

    /// The whole text.
    #[must_use]
    pub fn end(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_written_as_prometheus_reads_it() {
        let family = Family::new(["left", "gone", "other"]);
        ["left", "left", "unknown"].iter().for_each(|word| family.count(word));
        let mut out = PrometheusText::default();
        out.counter("a_total", "How many.", 3);
        out.gauge("b", "How much.", 2.5);
        out.gauges("c", "Of each.", "kind", [("web", 1), ("bot", 0)]);
        out.family("d_total", "Of each.", "reason", &family);
        assert_eq!(
            out.end(),
            "# HELP a_total How many.\n# TYPE a_total counter\na_total 3\n\
             # HELP b How much.\n# TYPE b gauge\nb 2.5\n\
             # HELP c Of each.\n# TYPE c gauge\nc{kind=\"web\"} 1\nc{kind=\"bot\"} 0\n\
             # HELP d_total Of each.\n# TYPE d_total counter\nd_total{reason=\"left\"} 2\n\
             d_total{reason=\"gone\"} 0\nd_total{reason=\"other\"} 1\n"
        );
    }

    #[test]
    fn a_gauge_is_the_sum_of_its_parts() {
        let sum = Arc::new(Gauge::default());
        let (one, other) = (GaugePart::of(&sum), GaugePart::of(&sum));
        one.set(5);
        other.set(7);
        one.set(2);
        assert_eq!((one.get(), sum.get()), (2, 9));
        drop(other);
        assert_eq!(sum.get(), 2);
    }

    #[test]
    fn a_histogram_counts_each_time_in_every_bucket_that_holds_it() {
        let histogram = Histogram::default();
        for micros in [50, 51, 2_000_000] {
            histogram.observe(Duration::from_micros(micros));
        }
        let mut out = PrometheusText::default();
        out.histogram("x_seconds", "How long.", &histogram);
        let text = out.end();
        for line in [
            "x_seconds_bucket{le=\"0.00005\"} 1",
            "x_seconds_bucket{le=\"0.0001\"} 2",
            "x_seconds_bucket{le=\"1\"} 2",
            "x_seconds_bucket{le=\"+Inf\"} 3",
            "x_seconds_sum 2.000101",
            "x_seconds_count 3",
        ] {
            assert!(text.lines().any(|other| other == line), "{line} is missing in\n{text}");
        }
    }
}
