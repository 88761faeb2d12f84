//! The chart: memory above, threads and descriptors below, with each kill.

use crate::args::Args;
use crate::sampler::Sample;
use crate::support::plot::{Axis, Line, Plot, stacked};

/// The height of each of the two plots.
const HEIGHT: f64 = 260.0;

pub(crate) fn draw(args: &Args, samples: &[Sample]) -> String {
    let minutes = |sample: &Sample| sample.at / 60.0;
    let end = args.span().as_secs_f64() / 60.0;
    let parts: Vec<&[Sample]> = samples.chunk_by(|one, next| one.pid == next.pid).collect();
    let marks: Vec<f64> = parts.iter().skip(1).map(|part| minutes(&part[0])).collect();
    // A part for each part; the last part has the name.
    let line = |name: &str, colour, of: fn(&Sample) -> f64| {
        let piece = |(number, part): (usize, &&[Sample])| {
            let points = part.iter().map(|sample| (minutes(sample), of(sample))).collect();
            let name = if number + 1 == parts.len() { name } else { "" };
            Line { name: name.into(), colour, points, is_dotted: false }
        };
        parts.iter().enumerate().map(piece).collect::<Vec<Line>>()
    };
    let plot = |title: String, y: &str, lines: Vec<Line>| {
        let most = lines.iter().flat_map(|line| &line.points).map(|(_, y)| *y).fold(1.0, f64::max);
        let (x, y) =
            (Axis::linear("minutes; dashed: killed and started again", end), Axis::linear(y, most));
        Plot { title, x, y, lines, marks: marks.clone(), height: HEIGHT }
    };
    let title =
        format!("{} clients, {} attackers: memory of the server", args.clients(), args.attackers());
    stacked(&[
        plot(title, "RSS, MiB", line("RSS", 0, |it| it.rss_kib as f64 / 1024.0)),
        plot(
            "Threads and descriptors of the server".into(),
            "count",
            [
                line("threads", 0, |it| it.threads as f64),
                line("descriptors", 1, |it| it.descriptors as f64),
            ]
            .concat(),
        ),
    ])
}
