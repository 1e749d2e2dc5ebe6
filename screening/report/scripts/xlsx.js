// A workbook of one sheet: XML files in a zip archive, stored as they are. Text cells are text, never formulas.
const CRC = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let bit = 0; bit < 8; bit += 1) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
  return n;
});

function crc32(bytes) {
  let sum = 0xffffffff;
  for (const byte of bytes) sum = CRC[(sum ^ byte) & 255] ^ (sum >>> 8);
  return (sum ^ 0xffffffff) >>> 0;
}

function littleEndian(...fields) {
  return Uint8Array.from(fields.flatMap(([value, size]) => Array.from({ length: size }, (_, i) => (value >>> (8 * i)) & 255)));
}

// APPNOTE.TXT 6.3.9, PKWARE: local headers and contents, then the directory.
function zipOf(files) {
  const parts = [], directory = [];
  let offset = 0, directorySize = 0;
  for (const [path, text] of files) {
    const name = new TextEncoder().encode(path), bytes = new TextEncoder().encode(text);
    // Version 2.0, names in UTF-8, stored, 1 January 1980, checksum, both sizes, length of the name, nothing else.
    const about = [[20, 2], [0x800, 2], [0, 2], [0, 2], [0x21, 2], [crc32(bytes), 4], [bytes.length, 4], [bytes.length, 4], [name.length, 2], [0, 2]];
    const header = littleEndian([0x04034b50, 4], ...about);
    const entry = littleEndian([0x02014b50, 4], [20, 2], ...about, [0, 2], [0, 2], [0, 2], [0, 4], [offset, 4]);
    parts.push(header, name, bytes);
    directory.push(entry, name);
    offset += header.length + name.length + bytes.length;
    directorySize += entry.length + name.length;
  }
  return new Blob([...parts, ...directory, littleEndian([0x06054b50, 4], [0, 2], [0, 2], [files.length, 2], [files.length, 2], [directorySize, 4], [offset, 4], [0, 2])]);
}

// Signs that XML 1.0 does not have, and halves of surrogate pairs, are left out; Excel's limit for a cell is 32,767 signs.
function xmlText(text) {
  const cut = text.length > 32767 ? text.slice(0, 32766) + "…" : text;
  return cut.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, "")
    .replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll("\r", "&#13;");
}

function xlsxOf(hits) {
  const [head, rows] = tableOf(hits);
  const cell = (value) => (typeof value === "number" && Number.isFinite(value)
    ? `<c><v>${value}</v></c>`
    : `<c t="inlineStr"><is><t xml:space="preserve">${xmlText(String(value ?? ""))}</t></is></c>`);
  const sheet = [head, ...rows].map((row) => `<row>${row.map(cell).join("")}</row>`).join("");
  const xml = (text) => `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n${text}`;
  const main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
  const office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
  const package_ = "http://schemas.openxmlformats.org/package/2006";
  const kind = "application/vnd.openxmlformats-officedocument.spreadsheetml";
  const link = (type, target) => `<Relationships xmlns="${package_}/relationships"><Relationship Id="rId1" Type="${office}/${type}" Target="${target}"/></Relationships>`;
  return zipOf([
    ["[Content_Types].xml", xml(`<Types xmlns="${package_}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" ContentType="${kind}.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="${kind}.worksheet+xml"/></Types>`)],
    ["_rels/.rels", xml(link("officeDocument", "xl/workbook.xml"))],
    ["xl/workbook.xml", xml(`<workbook xmlns="${main}" xmlns:r="${office}"><sheets><sheet name="Selection" sheetId="1" r:id="rId1"/></sheets></workbook>`)],
    ["xl/_rels/workbook.xml.rels", xml(link("worksheet", "worksheets/sheet1.xml"))],
    ["xl/worksheets/sheet1.xml", xml(`<worksheet xmlns="${main}"><sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews><sheetData>${sheet}</sheetData></worksheet>`)],
  ]);
}
