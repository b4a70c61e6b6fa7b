"use client";

import { type MantineColorScheme, NativeSelect, useMantineColorScheme } from "@mantine/core";
import { useMounted } from "@mantine/hooks";

const schemes = [
  { value: "auto", label: "As the system" },
  { value: "light", label: "Light" },
  { value: "dark", label: "Dark" },
];

/** Light or dark; this browser remembers it. */
export function ColorSchemeControl() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const isMounted = useMounted(); // what the browser remembers is not known before
  return (
    <NativeSelect
      aria-label="Colours"
      size="xs"
      data={schemes}
      value={isMounted ? colorScheme : "auto"}
      onChange={(event) => setColorScheme(event.currentTarget.value as MantineColorScheme)}
    />
  );
}
