import { type CSSVariablesResolver, createTheme } from "@mantine/core";

/** How the console looks. Shades are chosen so that text has a contrast of 4.5 : 1 and more, light and dark (WCAG 2.2 AA). */
export const theme = createTheme({
  primaryColor: "indigo",
  primaryShade: { light: 8, dark: 8 },
  defaultRadius: "md",
  cursorType: "pointer",
  respectReducedMotion: true,
  fontFamily: "system-ui, sans-serif",
  headings: { fontFamily: "system-ui, sans-serif", fontWeight: "650" },
  components: {
    Anchor: { defaultProps: { underline: "always" } }, // a link in a text is told by more than its colour
    // In the colour of its border a title is too faint.
    Alert: { styles: { title: { color: "var(--mantine-color-bright)" } } },
    // Locking the page's scroll adds a style element that carries no nonce.
    Modal: { defaultProps: { lockScroll: false, centered: true }, styles: { title: { fontWeight: 650 } } },
  },
});

/** Where Mantine's own shades are too faint. */
export const cssVariables: CSSVariablesResolver = ({ colors }) => ({
  variables: {},
  light: {
    "--mantine-color-dimmed": colors.gray[7],
    "--mantine-color-error": colors.red[9],
    "--mantine-color-placeholder": colors.gray[7],
  },
  dark: {
    "--mantine-color-dimmed": colors.dark[1],
    "--mantine-color-error": colors.red[4],
    "--mantine-color-placeholder": colors.dark[2],
  },
});
