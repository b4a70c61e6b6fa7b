import type { Page } from "playwright-core";

/**
 * Returns the texts of a page whose contrast with their background is less than 4.5 : 1 (WCAG 2.2, 1.4.3). Disabled
 * elements are exempt, as they are there.
 */
export function faintTexts(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = 1;
    const canvasContext = canvas.getContext("2d", { willReadFrequently: true });
    if (canvasContext === null) throw new Error("The browser has no 2D canvas");
    /** The luminance of these colours, in any CSS notation, when they are painted on each other. */
    const luminanceOf = (colours: readonly string[]): number => {
      for (const colour of colours) {
        canvasContext.fillStyle = colour;
        canvasContext.fillRect(0, 0, 1, 1);
      }
      const [red = 0, green = 0, blue = 0] = [...canvasContext.getImageData(0, 0, 1, 1).data].map((part) => {
        const value = part / 255;
        return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    };
    const tooFaint: string[] = [];
    for (const element of document.body.querySelectorAll<HTMLElement>("*")) {
      const hasText = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent?.trim());
      if (!hasText || !element.checkVisibility() || element.closest("script, style, noscript, option, [disabled]"))
        continue;
      const backgrounds: string[] = [];
      for (let at: HTMLElement | null = element; at; at = at.parentElement) {
        backgrounds.unshift(getComputedStyle(at).backgroundColor);
      }
      const background = luminanceOf(["white", ...backgrounds]);
      const foreground = luminanceOf(["white", ...backgrounds, getComputedStyle(element).color]);
      const contrast = (Math.max(background, foreground) + 0.05) / (Math.min(background, foreground) + 0.05);
      if (contrast < 4.5) tooFaint.push(`${contrast.toFixed(2)}: ${element.textContent?.trim().slice(0, 40)}`);
    }
    return tooFaint;
  });
}
