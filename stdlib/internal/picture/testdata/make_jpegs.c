/* JPEG files as few programs write them: every sampling, colours, scans, and
   pixels without nuances, whose inverse DCT overflows 16 bits.

   cc make_jpegs.c -ljpeg -o make_jpegs && ./make_jpegs   (libjpeg-turbo 2.1.5) */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <jpeglib.h>

struct picture {
  const char *name;
  J_COLOR_SPACE in, out;
  int quality, noise, progressive, apart, restart;
  int sampling[4][2];
};

static struct picture pictures[] = {
    {"411", JCS_RGB, JCS_YCbCr, 90, 0, 0, 0, 0, {{4, 1}, {1, 1}, {1, 1}}},
    {"440", JCS_RGB, JCS_YCbCr, 90, 0, 0, 0, 0, {{1, 2}, {1, 1}, {1, 1}}},
    {"410", JCS_RGB, JCS_YCbCr, 90, 0, 1, 0, 0, {{4, 2}, {1, 1}, {1, 1}}},
    {"thirds", JCS_RGB, JCS_YCbCr, 90, 0, 0, 0, 0, {{3, 1}, {1, 1}, {1, 1}}},
    {"chroma_differs", JCS_RGB, JCS_YCbCr, 80, 0, 1, 0, 3, {{2, 2}, {2, 1}, {1, 2}}},
    {"luma_is_coarse", JCS_RGB, JCS_YCbCr, 80, 0, 0, 0, 2, {{1, 1}, {2, 2}, {2, 2}}},
    {"scans_apart", JCS_RGB, JCS_YCbCr, 70, 0, 0, 1, 5, {{2, 2}, {1, 1}, {1, 1}}},
    {"noise_100", JCS_RGB, JCS_YCbCr, 100, 1, 0, 0, 0, {{2, 1}, {1, 1}, {1, 1}}},
    {"noise_30", JCS_RGB, JCS_YCbCr, 30, 1, 1, 0, 0, {{2, 2}, {1, 1}, {1, 1}}},
    {"noise_3", JCS_RGB, JCS_YCbCr, 3, 1, 0, 0, 0, {{1, 1}, {1, 1}, {1, 1}}},
    {"rgb_420", JCS_RGB, JCS_RGB, 90, 0, 0, 0, 0, {{2, 2}, {1, 1}, {1, 1}}},
    {"cmyk_420", JCS_CMYK, JCS_CMYK, 90, 0, 1, 0, 0, {{2, 2}, {1, 1}, {1, 1}, {2, 2}}},
    {"ycck_422", JCS_CMYK, JCS_YCCK, 90, 0, 0, 0, 0, {{2, 1}, {1, 1}, {1, 1}, {2, 1}}},
    {"grey_sampled", JCS_GRAYSCALE, JCS_GRAYSCALE, 90, 0, 0, 0, 0, {{2, 2}}},
};

static unsigned seed = 1;

static int pixel(int noise, int x, int y, int c) {
  seed = seed * 1103515245 + 12345;
  return noise ? (seed >> 16 & 1) * 255 : (x * 7 + y * 5 + c * 60 + (seed >> 16 & 15)) & 255;
}

static void write(struct picture *p) {
  struct jpeg_compress_struct c;
  struct jpeg_error_mgr e;
  jpeg_scan_info scans[4];
  char name[100];
  unsigned char row[400];
  JSAMPROW rows[1] = {row};
  FILE *f;
  snprintf(name, sizeof name, "odd_%s.jpg", p->name);
  f = fopen(name, "wb");
  c.err = jpeg_std_error(&e);
  jpeg_create_compress(&c);
  jpeg_stdio_dest(&c, f);
  c.image_width = 37, c.image_height = 21, c.in_color_space = p->in;
  c.input_components = p->in == JCS_CMYK ? 4 : p->in == JCS_GRAYSCALE ? 1 : 3;
  jpeg_set_defaults(&c);
  jpeg_set_colorspace(&c, p->out);
  jpeg_set_quality(&c, p->quality, FALSE);
  c.restart_interval = p->restart;
  for (int i = 0; i < c.num_components; i++) {
    c.comp_info[i].h_samp_factor = p->sampling[i][0], c.comp_info[i].v_samp_factor = p->sampling[i][1];
    memset(&scans[i], 0, sizeof scans[i]);
    scans[i].comps_in_scan = 1, scans[i].component_index[0] = i, scans[i].Se = 63;
  }
  if (p->progressive) jpeg_simple_progression(&c);
  if (p->apart) c.scan_info = scans, c.num_scans = c.num_components;
  jpeg_start_compress(&c, TRUE);
  for (int y = 0; y < 21; y++) {
    for (int i = 0; i < 37 * c.input_components; i++) row[i] = pixel(p->noise, i / c.input_components, y, i % c.input_components);
    jpeg_write_scanlines(&c, rows, 1);
  }
  jpeg_finish_compress(&c);
  fclose(f);
  jpeg_destroy_compress(&c);
}

int main(void) {
  for (size_t i = 0; i < sizeof pictures / sizeof *pictures; i++) write(pictures + i);
}
