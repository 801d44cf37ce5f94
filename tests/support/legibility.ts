/** What of a page cannot be read well, found by a script that runs in the page itself. */

/**
 * Evaluates to the visible texts that stand out from their ground by less than 4.5 to 1 (WCAG 2, AA),
 * each with its contrast.
 */
export const FAINT_TEXTS = `(() => {
  const colorOf = (text) => {
    const [red = 0, green = 0, blue = 0, opacity = 1] = (text.match(/[\\d.]+/g) ?? []).map(Number);
    return [red, green, blue, opacity];
  };
  const light = (color) => {
    const [red, green, blue] = color.slice(0, 3).map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const groundOf = (element) => {
    if (element === null) return [255, 255, 255, 1];
    const color = colorOf(getComputedStyle(element).backgroundColor);
    return color[3] === 1 ? color : groundOf(element.parentElement);
  };
  const faint = [];
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== "");
    if (!own || element.getClientRects().length === 0) continue;
    const ink = light(colorOf(getComputedStyle(element).color));
    const ground = light(groundOf(element));
    const contrast = (Math.max(ink, ground) + 0.05) / (Math.min(ink, ground) + 0.05);
    if (contrast < 4.5) faint.push(contrast.toFixed(2) + ": " + element.textContent);
  }
  return faint;
})()`;

/** Evaluates to how wide the page is, where it sticks out of its window wider than that. */
export const PAGE_WIDTH = "document.documentElement.scrollWidth";
