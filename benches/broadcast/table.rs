//! The printed table: rows as they are measured, and at the end the targets.

use std::fs;
use std::path::Path;

use hdrhistogram::Histogram;

use crate::load::Outcome;
use crate::support::plot::Plot;
use crate::support::statistics::median;

/// The figures of several runs of one load, in the order of the runs.
#[derive(Debug, Default, Clone)]
pub(crate) struct Figures {
    /// Deliveries a second.
    pub(crate) rate: Vec<f64>,
    /// us of the server's CPU for each delivery.
    pub(crate) cost: Vec<f64>,
    /// The same for the clients.
    pub(crate) clients: Vec<f64>,
    /// ms from when a message was due to when it was read.
    pub(crate) half: Vec<f64>,
    pub(crate) p99: Vec<f64>,
    /// All latencies of all runs, in us.
    pub(crate) latencies: Option<Histogram<u64>>,
}

impl Figures {
    pub(crate) fn add(&mut self, outcome: &Outcome) {
        self.rate.push(outcome.rate());
        self.cost.push(outcome.cost());
        self.clients.push(outcome.clients_cpu.as_secs_f64() * 1e6 / outcome.deliveries as f64);
        self.half.push(outcome.quantile(0.5));
        self.p99.push(outcome.quantile(0.99));
        match &mut self.latencies {
            Some(all) => all.add(&outcome.latencies).unwrap(),
            none => *none = Some(outcome.latencies.clone()),
        }
    }
}

/// The median ratio of two figures of the same rounds.
pub(crate) fn ratio(one: &[f64], other: &[f64]) -> f64 {
    let mut ratios: Vec<f64> = one.iter().zip(other).map(|(one, other)| one / other).collect();
    median(&mut ratios)
}

#[derive(Debug, Default)]
pub(crate) struct Table {
    begun: bool,
    targets: Vec<String>,
    /// The plots, and their files.
    plots: Vec<(&'static str, Plot)>,
}

impl Table {
    /// Begins a section.
    pub(crate) fn title(&mut self, title: &str) {
        if !self.begun {
            println!(
                "{:21} {:>20} {:>22} {:>20} {:>20} {:>22}",
                "", "deliveries/s", "CPU of each, us", "(clients', us)", "median, ms", "p99, ms"
            );
            self.begun = true;
        }
        println!("{title}");
    }

    pub(crate) fn row(&mut self, name: &str, figures: &Figures) {
        println!(
            "  {name:19} {:>20} {:>22} {:>20} {:>20} {:>22}",
            cell(&figures.rate, 0),
            cell(&figures.cost, 3),
            cell(&figures.clients, 3),
            cell(&figures.half, 2),
            cell(&figures.p99, 2),
        );
    }

    /// A line without the table's columns.
    pub(crate) fn line(&mut self, line: &str) {
        println!("  {line}");
    }

    /// Adds a target, and whether it is met.
    pub(crate) fn target(&mut self, what: &str, found: f64, least: f64, most: f64) {
        let verdict = if (least..=most).contains(&found) { "met   " } else { "MISSED" };
        let aim = match (least.is_finite(), most.is_finite()) {
            (true, true) => format!("{least} to {most}"),
            (false, _) => format!("<= {most}"),
            (true, false) => format!(">= {least}"),
        };
        self.targets.push(format!("{verdict} {what}: {found:.2}, aim {aim}"));
    }

    pub(crate) fn at_most(&mut self, what: &str, found: f64, most: f64) {
        self.target(what, found, f64::NEG_INFINITY, most);
    }

    pub(crate) fn at_least(&mut self, what: &str, found: f64, least: f64) {
        self.target(what, found, least, f64::INFINITY);
    }

    pub(crate) fn plot(&mut self, file: &'static str, plot: Plot) {
        self.plots.push((file, plot));
    }

    pub(crate) fn draw(&self, folder: &Path) {
        for (file, plot) in &self.plots {
            fs::write(folder.join(file), plot.svg()).unwrap();
        }
    }

    pub(crate) fn print_targets(&self) {
        println!("targets (ratios are medians of those within a round):");
        self.targets.iter().for_each(|target| println!("  {target}"));
    }
}

/// The median, and in brackets the minimum and the maximum.
pub(crate) fn cell(values: &[f64], places: usize) -> String {
    let mut sorted = values.to_vec();
    let middle = median(&mut sorted);
    let (least, most) = (sorted[0], sorted[sorted.len() - 1]);
    let short = |value: f64| match value {
        value if value >= 1e6 => format!("{:.2}M", value / 1e6),
        value if value >= 1e4 => format!("{:.0}k", value / 1e3),
        value => format!("{value:.places$}"),
    };
    format!("{} ({}..{})", short(middle), short(least), short(most))
}
