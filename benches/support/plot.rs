//! Line plots as SVG, in colours that are readable on white and on black.

use std::fmt::Write;
use std::slice;

const WIDTH: f64 = 760.0;
/// The height of a single plot.
pub(crate) const HEIGHT: f64 = 420.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 560.0;
const TOP: f64 = 48.0;
/// The space under the axes.
const FOOT: f64 = 64.0;
/// The distance between the names of two lines.
const NAME_HEIGHT: f64 = 18.0;

/// The colour of text and axes: an image cannot know whether its page is light or dark.
const INK: &str = "#7b828c";
/// The colours of the lines.
const COLOURS: [&str; 6] = ["#2f81f7", "#d98324", "#a06cd5", "#2fa36b", "#d2557f", "#1a9fb3"];

/// A plot.
#[derive(Debug)]
pub(crate) struct Plot {
    pub(crate) title: String,
    pub(crate) x: Axis,
    pub(crate) y: Axis,
    pub(crate) lines: Vec<Line>,
    /// Marks on the x axis that concern all lines.
    pub(crate) marks: Vec<f64>,
    pub(crate) height: f64,
}

#[derive(Debug)]
pub(crate) struct Axis {
    pub(crate) label: String,
    pub(crate) scale: Scale,
    /// The place and the text of each tick.
    pub(crate) ticks: Vec<(f64, String)>,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Scale {
    Linear { to: f64 },
    Log { from: f64, to: f64 },
}

#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) name: String,
    /// The index of its colour: each server has the same in all plots, and ours the first.
    pub(crate) colour: usize,
    pub(crate) points: Vec<(f64, f64)>,
    /// Whether each point is drawn as a dot, not only as a part of the line.
    pub(crate) is_dotted: bool,
}

impl Axis {
    /// From 0 to somewhat more than `most`, with a handful of round ticks.
    pub(crate) fn linear(label: &str, most: f64) -> Axis {
        let power = 10_f64.powf((most / 5.0).log10().floor());
        let fits = |step: &f64| most / step <= 5.0;
        let step = [1.0, 2.0, 5.0, 10.0].map(|n| n * power).into_iter().find(fits);
        let step = step.unwrap_or(power);
        let count = (most / step).ceil();
        let ticks = (0..=count as u32).map(|n| f64::from(n) * step);
        let ticks = ticks.map(|at| (at, format!("{}", (at * 1e6).round() / 1e6))).collect();
        Axis { label: label.into(), scale: Scale::Linear { to: count * step }, ticks }
    }

    /// The powers of ten from below `least` to above `most`.
    pub(crate) fn log(label: &str, least: f64, most: f64) -> Axis {
        let (first, last) = (least.log10().floor() as i32, most.log10().ceil() as i32);
        let ticks = (first..=last).map(|power| {
            let at = 10_f64.powi(power);
            (at, if power < 0 { format!("{at}") } else { grouped(at as u64) })
        });
        let scale = Scale::Log { from: 10_f64.powi(first), to: 10_f64.powi(last) };
        Axis { label: label.into(), scale, ticks: ticks.collect() }
    }

    /// Percentiles from 50 % to 99.99 %, with equal distances between the nines: the value is 1/(1 − p).
    pub(crate) fn percentiles(label: &str) -> Axis {
        let ticks =
            [("50 %", 2.0), ("90 %", 1e1), ("99 %", 1e2), ("99.9 %", 1e3), ("99.99 %", 1e4)];
        let ticks = ticks.map(|(name, at)| (at, String::from(name))).to_vec();
        Axis { label: label.into(), scale: Scale::Log { from: 2.0, to: 1e4 }, ticks }
    }
}

/// 10000 as 10,000.
fn grouped(number: u64) -> String {
    match number {
        0..1_000 => format!("{number}"),
        _ => format!("{},{:03}", grouped(number / 1_000), number % 1_000),
    }
}

impl Scale {
    /// The place of a value: 0 at the start of the axis, 1 at its end.
    fn place(self, value: f64) -> f64 {
        match self {
            Scale::Linear { to } => value / to,
            Scale::Log { from, to } => (value / from).ln() / (to / from).ln(),
        }
    }
}

/// Plots below each other; the first one's title is the title of the image.
pub(crate) fn stacked(plots: &[Plot]) -> String {
    let height: f64 = plots.iter().map(|plot| plot.height).sum();
    let title = plots.first().map_or("", |plot| &plot.title);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" \
         font-family=\"system-ui, sans-serif\" font-size=\"13\" fill=\"{INK}\">\n\
         <title>{title}</title>\n"
    );
    let mut top = 0.0;
    for plot in plots {
        writeln!(out, "<g transform=\"translate(0 {top})\">").unwrap();
        plot.push(&mut out);
        out.push_str("</g>\n");
        top += plot.height;
    }
    out.push_str("</svg>\n");
    out
}

impl Plot {
    pub(crate) fn svg(&self) -> String {
        stacked(slice::from_ref(self))
    }

    fn push(&self, out: &mut String) {
        let title = &self.title;
        writeln!(out, "<text x=\"{LEFT}\" y=\"24\" font-size=\"15\">{title}</text>").unwrap();
        self.push_axes(out);
        self.push_marks(out);
        self.lines.iter().rev().for_each(|line| self.push_line(out, line));
        self.push_names(out);
    }

    fn bottom(&self) -> f64 {
        self.height - FOOT
    }

    fn x(&self, value: f64) -> f64 {
        LEFT + (RIGHT - LEFT) * self.x.scale.place(value)
    }

    fn y(&self, value: f64) -> f64 {
        let bottom = self.bottom();
        bottom - (bottom - TOP) * self.y.scale.place(value).clamp(0.0, 1.0)
    }

    fn push_axes(&self, out: &mut String) {
        let bottom = self.bottom();
        for (value, name) in &self.y.ticks {
            let (y, end) = (self.y(*value), LEFT - 10.0);
            let faint = if y < bottom { " stroke-opacity=\"0.3\"" } else { "" };
            writeln!(
                out,
                "<path d=\"M{LEFT} {y:.1}H{RIGHT}\" stroke=\"{INK}\"{faint}/>\
                 <text x=\"{end}\" y=\"{:.1}\" text-anchor=\"end\">{name}</text>",
                y + 4.5
            )
            .unwrap();
        }
        for (value, name) in &self.x.ticks {
            let (x, y) = (self.x(*value), bottom + 20.0);
            writeln!(
                out,
                "<path d=\"M{x:.1} {bottom}v5\" stroke=\"{INK}\"/>\
                 <text x=\"{x:.1}\" y=\"{y}\" text-anchor=\"middle\">{name}</text>"
            )
            .unwrap();
        }
        let (middle, across) = ((LEFT + RIGHT) / 2.0, (TOP + bottom) / 2.0);
        let (under, x, y) = (self.height - 18.0, &self.x.label, &self.y.label);
        writeln!(
            out,
            "<text x=\"{middle}\" y=\"{under}\" text-anchor=\"middle\">{x}</text>\
             <text transform=\"translate(16 {across}) rotate(-90)\" text-anchor=\"middle\">{y}</text>"
        )
        .unwrap();
    }

    fn push_marks(&self, out: &mut String) {
        let bottom = self.bottom();
        for x in self.marks.iter().map(|value| self.x(*value)) {
            writeln!(
                out,
                "<path d=\"M{x:.1} {TOP}V{bottom}\" stroke=\"{INK}\" stroke-dasharray=\"4 4\"/>"
            )
            .unwrap();
        }
    }

    fn push_line(&self, out: &mut String, line: &Line) {
        let at = |&(x, y): &(f64, f64)| (self.x(x), self.y(y));
        let (colour, width) = (COLOURS[line.colour], if line.colour == 0 { 2.5 } else { 1.5 });
        let path: Vec<_> =
            line.points.iter().map(at).map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        writeln!(
            out,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"{width}\" \
             stroke-linejoin=\"round\"/>",
            path.join(" ")
        )
        .unwrap();
        for (x, y) in line.points.iter().filter(|_| line.is_dotted).map(at) {
            writeln!(out, "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3.5\" fill=\"{colour}\"/>")
                .unwrap();
        }
    }

    /// Each name is beside the end of its line, moved down where it would cover another. Dots lead to it from a
    /// line that ends early. A line without a name is a part of another.
    fn push_names(&self, out: &mut String) {
        let named = self.lines.iter().filter(|line| !line.name.is_empty());
        let ends = named.filter_map(|line| {
            let (x, y) = line.points.last()?;
            Some((self.y(*y), self.x(*x), &line.name, COLOURS[line.colour]))
        });
        let mut ends: Vec<_> = ends.collect();
        ends.sort_by(|one, other| one.0.total_cmp(&other.0));
        let mut free = TOP;
        for (y, end, name, colour) in ends {
            if end < RIGHT {
                writeln!(
                    out,
                    "<path d=\"M{end:.1} {y:.1}H{RIGHT}\" stroke=\"{colour}\" stroke-dasharray=\"1 5\"/>"
                )
                .unwrap();
            }
            let (x, y) = (RIGHT + 12.0, y.max(free));
            free = y + NAME_HEIGHT;
            writeln!(out, "<text x=\"{x}\" y=\"{:.1}\" fill=\"{colour}\">{name}</text>", y + 4.5)
                .unwrap();
        }
    }
}
