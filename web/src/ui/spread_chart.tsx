// Edges over time with lightweight-charts: the best one before and after costs, which is what decides whether a pair trades.
// Its logo would bring a style of its own, which the policy refuses; who made it is said on the System page.
import { createChart, type IChartApi, type ISeriesApi, LineSeries, LineStyle, type UTCTimestamp } from "lightweight-charts";
import { useEffect, useRef } from "react";
import { useSettings, useShownTheme } from "../settings";
import { show_moment } from "../time";

export interface SpreadPoint {
  at: number; // seconds since 1970, growing
  gross: number;
  net: number;
}

const colour_of = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

export function SpreadChart({ label, points, height = 200 }: { label: string; points: readonly SpreadPoint[]; height?: number }) {
  const element = useRef<HTMLDivElement>(null);
  const chart = useRef<{ api: IChartApi; gross: ISeriesApi<"Line">; net: ISeriesApi<"Line"> } | null>(null);
  const latest = useRef(points);
  latest.current = points;
  const { zone } = useSettings();
  const theme = useShownTheme();

  useEffect(() => {
    const host = element.current;
    if (!host) return;
    const api = createChart(host, {
      autoSize: true,
      height,
      layout: {
        background: { color: "transparent" },
        textColor: colour_of("text-2"),
        fontFamily: "Inter, system-ui, sans-serif",
        fontSize: 11,
        attributionLogo: false,
      },
      grid: { vertLines: { color: colour_of("grid") }, horzLines: { color: colour_of("grid") } },
      rightPriceScale: { borderVisible: false },
      timeScale: {
        borderVisible: false,
        timeVisible: true,
        secondsVisible: true,
        tickMarkFormatter: (time: number) => show_moment(time * 1000, zone, "time"),
      },
      localization: { timeFormatter: (time: number) => show_moment(time * 1000, zone) },
      handleScale: { axisPressedMouseMove: false },
    });
    const line = { lineWidth: 2 as const, priceFormat: { type: "price" as const, precision: 2, minMove: 0.01 } };
    const gross = api.addSeries(LineSeries, { ...line, color: colour_of("line-3"), lineStyle: LineStyle.Dashed });
    const net = api.addSeries(LineSeries, { ...line, color: colour_of("line-1") });
    net.createPriceLine({ price: 0, color: colour_of("text-2"), lineWidth: 1, lineStyle: LineStyle.Dotted, axisLabelVisible: false, title: "" });
    chart.current = { api, gross, net };
    draw();
    return () => {
      chart.current = null;
      api.remove();
    };
  }, [height, zone, theme]);

  const draw = () => {
    const of = (pick: (point: SpreadPoint) => number) =>
      latest.current.map((point) => ({ time: point.at as UTCTimestamp, value: pick(point) }));
    chart.current?.gross.setData(of((point) => point.gross));
    chart.current?.net.setData(of((point) => point.net));
  };
  useEffect(draw, [points]);

  return <div className="chart" role="img" aria-label={label} ref={element} />;
}
