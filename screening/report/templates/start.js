// The data of the page, and which hits the reader has chosen (by rank).
const data = JSON.parse(document.getElementById("data").textContent);
const selected = new Set();
