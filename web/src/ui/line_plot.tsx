// A line over time with uPlot: as many points as there are, drawn on a canvas. Numbers become floating point here and only
// here, since a pixel is no amount.
import { useEffect, useRef } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { show } from "../decimal";
import { useSettings, useShownTheme } from "../settings";
import { show_moment } from "../time";

export interface Series {
  name: string;
  values: (number | null)[];
  colour: "line-1" | "line-2" | "line-3" | "line-4" | "line-5";
  fill?: boolean;
  dash?: boolean;
}

const colour_of = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

export function LinePlot({
  label,
  times,
  series,
  height = 220,
  places = 2,
}: {
  label: string;
  times: number[]; // seconds since 1970
  series: Series[];
  height?: number;
  places?: number;
}) {
  const element = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const { zone } = useSettings();
  const theme = useShownTheme();
  const data: uPlot.AlignedData = [times, ...series.map((one) => one.values)];
  const latest = useRef(data);
  latest.current = data;
  const shape = series.map((one) => `${one.name} ${one.colour}`).join("|");
  const known = useRef(series);
  known.current = series;

  useEffect(() => {
    const host = element.current;
    if (!host) return;
    const number = (value: number | null) => (value === null ? "–" : show(value.toFixed(places)));
    const axis: uPlot.Axis = {
      stroke: colour_of("text-2"),
      grid: { stroke: colour_of("grid"), width: 1 },
      ticks: { stroke: colour_of("grid"), width: 1, size: 4 },
      font: "11px Inter, system-ui, sans-serif",
    };
    const made = new uPlot(
      {
        width: Math.max(host.clientWidth, 200),
        height,
        tzDate: (seconds) => (zone === "utc" ? uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC") : new Date(seconds * 1000)),
        cursor: { y: false, points: { size: 5 } },
        legend: { live: true },
        scales: { x: { time: true } },
        axes: [
          { ...axis, space: 90, values: (_, at) => at.map((one) => show_moment(one * 1000, zone, "time").slice(0, 8)) },
          { ...axis, size: 76, values: (_, at) => at.map((one) => number(one)) },
        ],
        series: [
          { value: (_, at) => (at === null ? "–" : show_moment(at * 1000, zone)) },
          ...known.current.map(
            (one): uPlot.Series => ({
              label: one.name,
              stroke: colour_of(one.colour),
              width: 1.5,
              points: { show: false },
              value: (_, value) => number(value),
              ...(one.fill ? { fill: `${colour_of(one.colour)}22` } : {}),
              ...(one.dash ? { dash: [4, 3] } : {}),
            }),
          ),
        ],
      },
      latest.current,
      host,
    );
    plot.current = made;
    const watch = new ResizeObserver(() => {
      if (host.clientWidth > 0) made.setSize({ width: host.clientWidth, height });
    });
    watch.observe(host);
    return () => {
      watch.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [height, zone, theme, shape, places]);

  useEffect(() => {
    plot.current?.setData(latest.current);
  }, [times, series]);

  return <div className="plot" role="img" aria-label={label} ref={element} />;
}
