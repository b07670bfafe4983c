// What is wrong with a page as it is rendered: each a line of text, with the element that it is about.
() => {
  const LEAST_CONTRAST = 4.5, LEAST_OF_LARGE = 3, LARGE_PX = 24, LARGE_BOLD_PX = 18.66, LEAST_CHART_PX = 40, SLACK_PX = 1;
  const faults = [];
  const name = (element) => `<${element.tagName.toLowerCase()} class="${element.getAttribute("class") || ""}"> "${
    element.textContent.trim().replace(/\s+/g, " ").slice(0, 40)}"`;
  const isShown = (element) => {
    const box = element.getBoundingClientRect();
    return box.width > 0 && box.height > 0 && box.right > 0 && getComputedStyle(element).visibility === "visible";
  };
  const parse = (color) => {
    const [red, green, blue, alpha = 1] = color.match(/[0-9.]+/g).map(Number);
    return { rgb: [red, green, blue], alpha };
  };
  const over = (above, below) => above.rgb.map((part, at) => part * above.alpha + below[at] * (1 - above.alpha));
  const luminance = (rgb) => rgb.map((part) => part / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
    .reduce((sum, part, at) => sum + part * [0.2126, 0.7152, 0.0722][at], 0);
  const background = (element) => {  // of all that is painted below it, the nearest last
    const layers = [];
    for (let one = element; one; one = one.parentElement) layers.unshift(parse(getComputedStyle(one).backgroundColor));
    return layers.reduce((below, layer) => over(layer, below), [255, 255, 255]);
  };
  const contrast = (first, second) => {
    const [low, high] = [luminance(first), luminance(second)].sort((one, other) => one - other);
    return (high + 0.05) / (low + 0.05);
  };
  const texts = [...document.body.querySelectorAll("*")].filter((element) => isShown(element)
    && !element.closest("script, style, title, desc, option, .skip")
    && [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim() !== ""));

  // Text that cannot be told from what is behind it.
  for (const element of texts) {
    const style = getComputedStyle(element);
    if (element.disabled) continue;
    const behind = background(element);
    const ink = over(parse(element.closest("svg") ? style.fill : style.color), behind);
    const size = parseFloat(style.fontSize);
    const isLarge = size >= LARGE_PX || (size >= LARGE_BOLD_PX && Number(style.fontWeight) >= 700);
    const found = contrast(ink, behind);
    if (found < (isLarge ? LEAST_OF_LARGE : LEAST_CONTRAST)) faults.push(`contrast ${found.toFixed(2)}: ${name(element)}`);
  }

  // Text outside of what shows it: the page's edge, a box that hides what is too much, the edge of a chart.
  const wide = document.documentElement.clientWidth;
  for (const element of texts) {
    const range = document.createRange();
    range.selectNodeContents(element);
    const box = range.getBoundingClientRect();
    let left = 0, right = wide;
    for (let one = element; one; one = one.parentElement) {
      const kind = getComputedStyle(one).overflowX;
      if (kind === "auto" || kind === "scroll") { left = -Infinity; right = Infinity; break; }
      if (kind === "hidden" || kind === "clip" || one.tagName === "svg") {
        const edge = one.getBoundingClientRect();
        left = Math.max(left, edge.left);
        right = Math.min(right, edge.right);
      }
    }
    if (box.left < left - SLACK_PX || box.right > right + SLACK_PX) faults.push(`cut off: ${name(element)}`);
  }

  // Charts that show nothing.
  for (const chart of document.querySelectorAll("svg.chart")) {
    const box = chart.getBoundingClientRect();
    if (box.width < LEAST_CHART_PX || box.height < LEAST_CHART_PX) faults.push(`no size: ${name(chart)}`);
    const drawn = [...chart.querySelectorAll(".series path, .series circle")].map((shape) => shape.getBoundingClientRect());
    if (!drawn.some((shape) => shape.width > 0 || shape.height > 0)) faults.push(`nothing drawn: ${name(chart)}`);
  }
  return faults;
}
