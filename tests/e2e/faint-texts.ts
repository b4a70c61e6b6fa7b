import type { Page } from "playwright-core";

/**
 * Texts of a page that are too faint against what is behind them: less than 4.5 : 1 (WCAG 2.2, 1.4.3). What is disabled
 * is left out, as it is there.
 */
export function faintTexts(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = 1;
    const paper = canvas.getContext("2d", { willReadFrequently: true });
    if (paper === null) throw new Error("there is no canvas");
    /** What the eye sees when these colours, in any of CSS's forms, are painted on each other. */
    const luminanceOf = (colours: readonly string[]): number => {
      for (const colour of colours) {
        paper.fillStyle = colour;
        paper.fillRect(0, 0, 1, 1);
      }
      const [red = 0, green = 0, blue = 0] = [...paper.getImageData(0, 0, 1, 1).data].map((part) => {
        const value = part / 255;
        return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    };
    const faint: string[] = [];
    for (const element of document.body.querySelectorAll<HTMLElement>("*")) {
      const hasText = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent?.trim());
      if (!hasText || !element.checkVisibility() || element.closest("script, style, noscript, option, [disabled]"))
        continue;
      const behind: string[] = [];
      for (let at: HTMLElement | null = element; at; at = at.parentElement) {
        behind.unshift(getComputedStyle(at).backgroundColor);
      }
      const ground = luminanceOf(["white", ...behind]);
      const ink = luminanceOf(["white", ...behind, getComputedStyle(element).color]);
      const contrast = (Math.max(ground, ink) + 0.05) / (Math.min(ground, ink) + 0.05);
      if (contrast < 4.5) faint.push(`${contrast.toFixed(2)}: ${element.textContent?.trim().slice(0, 40)}`);
    }
    return faint;
  });
}
