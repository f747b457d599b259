/**
 * The signs of the page as outlines on a 16 x 16 grid, drawn with a 1.75 stroke and round ends. Data
 * only: the picture and the Preact page draw the same ones, and nothing has to be fetched. Each tone has
 * a shape of its own, because colour alone is never used (WCAG 1.4.1). Source: ecosystem.md 3.2.
 */
export const ICONS = {
  check: "M3.5 8.5l3 3 6-7",
  cross: "M4 4l8 8M12 4l-8 8",
  alert: "M8 2.2L14.3 13H1.7zM8 6.4v3.2M8 11.4v.1",
  octagon: "M5.4 2h5.2L14 5.4v5.2L10.6 14H5.4L2 10.6V5.4zM8 5v3.6M8 11v.1",
  info: "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2zM8 7.4v3.4M8 5v.1",
  question: "M5.6 6a2.4 2.4 0 1 1 3.6 2c-.8.5-1.2.9-1.2 1.8M8 12.3v.1",
  play: "M5 3.2l7.4 4.8L5 12.8z",
  stop: "M4 4h8v8H4z",
  pause: "M5.5 3.5v9M10.5 3.5v9",
  progress:
    "M8 2v2.6M8 11.4V14M2 8h2.6M11.4 8H14M3.8 3.8l1.8 1.8M10.4 10.4l1.8 1.8M12.2 3.8l-1.8 1.8",
  server: "M2.5 2.5h11v4.6h-11zM2.5 8.9h11v4.6h-11zM5 4.8v.1M5 11.2v.1",
  disk: "M2.5 4c0-1.1 2.5-2 5.5-2s5.5.9 5.5 2-2.5 2-5.5 2-5.5-.9-5.5-2zM2.5 4v8c0 1.1 2.5 2 5.5 2s5.5-.9 5.5-2V4M2.5 8c0 1.1 2.5 2 5.5 2s5.5-.9 5.5-2",
  lan: "M5.5 2h5v4h-5zM1.5 10h5v4h-5zM9.5 10h5v4h-5zM8 6v2M4 10V8h8v2",
  com: "M2 5h12l-1.6 6H3.6zM5 7.2v.1M8 7.2v.1M11 7.2v.1M6.5 9.2v.1M9.5 9.2v.1",
  home: "M2.2 8L8 2.8 13.8 8M4 6.8v6.4h8V6.8",
  arrow: "M2.5 8h10M9 4.5L12.5 8 9 11.5",
  clock: "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2zM8 4.8V8l2.2 1.6",
  copy: "M5.5 5.5h8v8h-8zM3.5 10.5h-1v-8h8v1",
  link: "M6.6 9.4l2.8-2.8M7.2 4.4l1.5-1.5a2.8 2.8 0 0 1 4 4l-1.5 1.5M8.8 11.6l-1.5 1.5a2.8 2.8 0 0 1-4-4l1.5-1.5",
  people:
    "M6 2.6a2.3 2.3 0 1 0 0 4.6 2.3 2.3 0 0 0 0-4.6zM1.6 13.4c0-2.4 2-4 4.4-4s4.4 1.6 4.4 4M10.6 3a2.2 2.2 0 0 1 0 4M11.8 9.6c1.6.5 2.6 1.9 2.6 3.8",
  person:
    "M8 2a2.8 2.8 0 1 0 0 5.6A2.8 2.8 0 0 0 8 2zM2.8 14c0-2.6 2.3-4.4 5.2-4.4s5.2 1.8 5.2 4.4",
  power: "M8 1.8v5.4M4.4 4.2a5.3 5.3 0 1 0 7.2 0",
  snow: "M8 1.8v12.4M2.6 4.9l10.8 6.2M13.4 4.9L2.6 11.1",
  plug: "M6 1.8v3.4M10 1.8v3.4M4 5.2h8v2.6a4 4 0 0 1-8 0zM8 11.8v2.4",
  globe:
    "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2zM2 8h12M8 2c2 1.8 2.6 3.8 2.6 6s-.6 4.2-2.6 6c-2-1.8-2.6-3.8-2.6-6S6 3.8 8 2z",
} as const;

export type IconName = keyof typeof ICONS;
