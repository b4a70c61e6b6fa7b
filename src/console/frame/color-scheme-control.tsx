"use client";

import { type MantineColorScheme, NativeSelect, useMantineColorScheme } from "@mantine/core";
import { useMounted } from "@mantine/hooks";

const schemes = [
  { value: "auto", label: "System" },
  { value: "light", label: "Light" },
  { value: "dark", label: "Dark" },
];

/** Selects the light or dark theme; the browser stores the choice. */
export function ColorSchemeControl() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const isMounted = useMounted(); // the stored choice is unknown before
  return (
    <NativeSelect
      aria-label="Theme"
      size="xs"
      data={schemes}
      value={isMounted ? colorScheme : "auto"}
      onChange={(event) => setColorScheme(event.currentTarget.value as MantineColorScheme)}
    />
  );
}
