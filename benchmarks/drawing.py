"""The comparison as a picture: a bar for each system, cut into the stages of a job."""

from pathlib import Path

from benchmarks.results import Case, Comparison, Figure

STAGES: dict[Figure, str] = {"start": "#c9ced6", "scoring": "#2f6fb7", "finish": "#8fb8de"}
ROOM = 1.12
"""How much wider the picture is than its longest bar that was not scaled; one that was is cut off there."""


def draw(result: Comparison, case: Case, file: Path) -> Path:
    """Draw medians of seconds; the file."""
    import matplotlib as mpl

    mpl.use("agg")
    from matplotlib import pyplot

    names = list(result.titles)
    figure, axes = pyplot.subplots(figsize=(9, 0.5 * len(names) + 1.2), layout="constrained")
    left = [0.0] * len(names)
    for stage, color in STAGES.items():
        widths = [result.spread(name, case, stage).median for name in names]
        axes.barh(range(len(names)), widths, left=left, color=color, label=stage)
        left = [start + width for start, width in zip(left, widths, strict=True)]
    limit = ROOM * max(end for end, name in zip(left, names, strict=True) if not result.is_scaled(name, case))
    for row, (end, name) in enumerate(zip(left, names, strict=True)):
        is_cut = result.is_scaled(name, case)
        text = f"about {end:.0f} s, cut off" if is_cut else f"{end:.1f} s"
        axes.text(
            0.98 * limit if is_cut else end + 0.01 * limit, row, text, va="center", ha="right" if is_cut else "left"
        )
    axes.set_xlim(0, limit)
    axes.set_yticks(range(len(names)), [result.titles[name] for name in names])
    axes.invert_yaxis()
    axes.set_xlabel(f"seconds until the output is there, cold: {result.files:,} files, {case}")
    axes.legend(loc="upper right", frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(file, dpi=120)
    return file
