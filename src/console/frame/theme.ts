import { type CSSVariablesResolver, createTheme } from "@mantine/core";

/**
 * The theme of the console. Its shades give text a contrast of at least 4.5 : 1 in light and dark mode (WCAG 2.2 AA).
 */
export const theme = createTheme({
  primaryColor: "indigo",
  primaryShade: { light: 8, dark: 8 },
  defaultRadius: "md",
  cursorType: "pointer",
  respectReducedMotion: true,
  fontFamily: "system-ui, sans-serif",
  headings: { fontFamily: "system-ui, sans-serif", fontWeight: "650" },
  components: {
    Anchor: { defaultProps: { underline: "always" } }, // colour alone must not distinguish a link
    // A title in the colour of the border has too little contrast.
    Alert: { styles: { title: { color: "var(--mantine-color-bright)" } } },
    // The scroll lock adds a style element without a nonce.
    Modal: { defaultProps: { lockScroll: false, centered: true }, styles: { title: { fontWeight: 650 } } },
  },
});

/** Replaces Mantine's shades that have too little contrast. */
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
