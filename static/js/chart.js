// Draws every [data-chart] from the json_script it names. plotly is fetched only where a chart is.
(() => {
  const plotlyAddress = document.currentScript.dataset.plotly;
  const options = {
    responsive: true,
    displaylogo: false,
    displayModeBar: false,
    showSendToCloud: false,
    plotlyServerURL: "",
    topojsonURL: "",
    doubleClick: false,
    scrollZoom: false,
  };
  let loading = null;

  function plotly() {
    loading ??= new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = plotlyAddress;
      script.onload = () => resolve(window.Plotly);
      script.onerror = reject;
      document.head.append(script);
    });
    return loading;
  }

  async function mount(root) {
    const places = [...root.querySelectorAll("[data-chart]:not([data-drawn])")];
    if (!places.length) return;
    places.forEach((place) => (place.dataset.drawn = "no"));
    const { newPlot } = await plotly();
    for (const place of places) {
      const figure = JSON.parse(document.getElementById(place.dataset.chart).textContent);
      await newPlot(place, figure.data, figure.layout, options);
      place.dataset.drawn = "yes";
    }
  }

  document.addEventListener("DOMContentLoaded", () => mount(document));
  document.addEventListener("htmx:load", (event) => mount(event.target.parentNode || document));
})();
