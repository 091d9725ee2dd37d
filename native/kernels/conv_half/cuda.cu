// Sparse convolution of 16-bit tensors on tensor cores. See conv_half_plan.h for the tile and
// conv_half_packed.h for the weights.
#include "kernels/conv_half/cuda_multiply.cuh"
#include "kernels/conv_half/cuda_store.cuh"

namespace espalier {
namespace {

constexpr int warps = half_threads / 32;

// ---- loading ------------------------------------------------------------------------------------

// sources[position] = input pixel of the position, counted from the block's first image; -1: zeros.
__device__ void find_sources(const half_run& r, const block_place& place, int32_t* sources) {
  const half_plan& p = r.problem.plan;
  const esp_conv2d_shape& s = r.problem.shape;
  for (int i = static_cast<int>(threadIdx.x); i < p.positions; i += half_threads) {
    const int image = i / p.image_positions, in_image = i % p.image_positions;
    int32_t row = in_image / p.line_positions, column = in_image % p.line_positions;
    const int32_t row_plane = p.rows.plane_of(&row), column_plane = p.cols.plane_of(&column);
    const int64_t y = (place.row + row) * s.stride_h + row_plane * s.dilation_h - s.pad_top;
    const int64_t x =
        (place.column + column) * s.stride_w + column_plane * s.dilation_w - s.pad_left;
    const bool inside = row_plane < p.rows.planes && column_plane < p.cols.planes &&
                        place.image + image < s.n && y >= 0 && y < s.h && x >= 0 && x < s.w;
    sources[i] = inside ? static_cast<int32_t>((image * s.h + y) * s.w + x) : -1;
  }
}

// The elements past the channels of every position, in all stages.
__device__ void clear_pads(const half_plan& p, uint16_t* tile) {
  for (int i = static_cast<int>(threadIdx.x); i < p.stages * p.positions; i += half_threads)
    *reinterpret_cast<uint4*>(tile + i * p.pitch + p.channels) = make_uint4(0, 0, 0, 0);
}

__device__ void load_chunk(const half_run& r, const block_place& place, const int32_t* sources,
                           int chunk, uint16_t* to) {
  const half_plan& p = r.problem.plan;
  const esp_conv2d_shape& s = r.problem.shape;
  const int64_t group_channels = s.c / s.groups;
  const uint16_t* from = r.input + place.image * s.h * s.w * s.c + place.group * group_channels;
  const int lines = p.channels / 8;
  for (int i = static_cast<int>(threadIdx.x); i < p.positions * lines; i += half_threads) {
    const int position = i / lines, line = i % lines;
    const int64_t channel = int64_t{chunk} * p.channels + line * 8;
    const int64_t left = sources[position] < 0 ? 0 : group_channels - channel;
    const uint16_t* const source = left > 0 ? from + sources[position] * s.c + channel : r.input;
    uint16_t* const target = to + position * p.pitch + line * 8;
    if (r.asynchronous) {
      copy16_async(target, source, left > 0);
    } else {
#pragma unroll
      for (int c = 0; c < 8; ++c) target[c] = c < left ? source[c] : uint16_t{0};
    }
  }
}

__device__ void wait_for_chunk(int stages) {
  switch (stages) {
    case 4: return wait_for_copies<2>();
    case 3: return wait_for_copies<1>();
    default: return wait_for_copies<0>();
  }
}

// ---- the convolution ----------------------------------------------------------------------------

// A warp takes one block of 16 * tiles_m outputs and 8 * tiles_n pixels.
template <bool bf16, bool pairs, int tiles_m, int tiles_n>
__global__ void __launch_bounds__(half_threads, 2) sparse_half(ESP_GRID_CONSTANT(half_run) r) {
  constexpr int pixel_parts = half_pixels / (8 * tiles_n), block_parts = warps / pixel_parts;
  __align__(128) __shared__ uint16_t tile[half_tile_bytes / 2];
  __align__(16) __shared__ int32_t sources[half_most_positions];
  const half_plan& p = r.problem.plan;
  const half_packed& packed = r.problem.packed;
  const block_place place(r);
  const int lane = static_cast<int>(threadIdx.x % 32), warp = static_cast<int>(threadIdx.x / 32);
  const int first_pixel = warp % pixel_parts * 8 * tiles_n;
  const int64_t in_group = blockIdx.y % r.parts * block_parts + warp / pixel_parts;
  const int64_t block = place.group * packed.blocks + in_group;
  const bool works = in_group < packed.blocks;

  find_sources(r, place, sources);
  clear_pads(p, tile);
  __syncthreads();

  int pixels[tiles_n];
#pragma unroll
  for (int n = 0; n < tiles_n; ++n)
    pixels[n] =
        half_pixel_position(p, first_pixel + 8 * n + (pairs ? lane % 8 : lane / 4)) * p.pitch;
  half_sums<tiles_m, tiles_n> sums = {};
  const int stage_elements = p.positions * p.pitch;
  const int ahead = p.stages - 1;  // chunks that are under way beside the one in work
  for (int chunk = 0; chunk < ahead; ++chunk) {
    if (chunk < p.chunks) load_chunk(r, place, sources, chunk, tile + chunk * stage_elements);
    commit_copies();
  }
  for (int chunk = 0; chunk < p.chunks; ++chunk) {
    if (ahead == 0) {
      __syncthreads();  // the chunk before is used up
      load_chunk(r, place, sources, chunk, tile);
      commit_copies();
    }
    wait_for_chunk(p.stages);
    __syncthreads();
    if (ahead > 0) {
      const int next = chunk + ahead;
      if (next < p.chunks)
        load_chunk(r, place, sources, next, tile + next % p.stages * stage_elements);
      commit_copies();
    }
    const uint16_t* in_work = tile + chunk % p.stages * stage_elements;
    if (!works) continue;
    if constexpr (pairs) {
      const auto taps = static_cast<int>(r.problem.shape.r * r.problem.shape.s);
      const auto all = static_cast<int>(packed.steps) / taps;
      const int count = p.channels / half_pair_channels, first = chunk * count;
      const int64_t step = block * packed.steps + int64_t{first} * taps;
      multiply_pairs<bf16>(
          reinterpret_cast<const uint4*>(r.packed) + step * 128,
          reinterpret_cast<const uint32_t*>(r.packed + packed.metadata_at) + step * 64,
          reinterpret_cast<const int32_t*>(r.packed + packed.taps_at), taps,
          first + count <= all ? count : all - first, in_work, pixels, lane, sums);
    } else {
      const auto* starts = reinterpret_cast<const int32_t*>(r.packed) + block * p.chunks + chunk;
      multiply_vectors<bf16>(reinterpret_cast<const uint4*>(r.packed + packed.values_at),
                             reinterpret_cast<const uint2*>(r.packed + packed.offsets_at),
                             __ldg(starts), __ldg(starts + 1), in_work, pixels, lane, sums);
    }
  }
  store_sums<bf16, block_parts>(r, place, first_pixel, warp / pixel_parts, sums, tile,
                                reinterpret_cast<int64_t*>(sources));
}

template <bool bf16, bool pairs, int tiles_m, int tiles_n>
int32_t launch_half(half_run* r, void* stream) {
  constexpr int block_parts = warps * 8 * tiles_n / half_pixels;
  const half_plan& p = r->problem.plan;
  const esp_conv2d_shape& s = r->problem.shape;
  r->parts = half_ceil_div(r->problem.packed.blocks, block_parts);
  const int64_t tiles = half_ceil_div(s.n, p.images) * r->tiles_h * r->tiles_w;
  const int64_t parts = r->parts * s.groups;
  if (tiles >= int64_t{1} << 31 || parts > 65535)
    return fail(ESP_UNSUPPORTED,
                "esp_conv2d_half: layout.shape: expected at most 2^31 - 1 tiles of the output and "
                "65535 parts of the channels, got %lld and %lld",
                static_cast<long long>(tiles), static_cast<long long>(parts));
  return launch("conv2d_sparse_half_cuda", &sparse_half<bf16, pairs, tiles_m, tiles_n>,
                dim3(static_cast<unsigned>(tiles), static_cast<unsigned>(parts)), half_threads,
                stream, *r);
}

template <bool bf16>
int32_t launch_half(int32_t vector, half_run* r, void* stream) {
  if (vector == 0) return launch_half<bf16, true, 4, 4>(r, stream);
  if (vector == 16) return launch_half<bf16, false, 1, 8>(r, stream);
  return launch_half<bf16, false, 2, 8>(r, stream);
}

}  // namespace

int32_t conv2d_sparse_half_cuda(const conv2d_half_call& call) {
  half_run r{};
  ESP_TRY(describe_half("esp_conv2d_half", *call.layout, call.vectors, &r.problem));
  esp_conv2d_shape& s = r.problem.shape;
  if (half_pointwise(s)) {  // one row of pixels
    const int64_t pixels = s.n * s.h * s.w;
    if (pixels >= int64_t{1} << 31)
      return fail(ESP_UNSUPPORTED,
                  "esp_conv2d_half: layout.shape: expected fewer than 2^31 pixels, got %lld",
                  static_cast<long long>(pixels));
    s.n = s.h = 1;
    s.w = pixels;
  }
  r.input = call.input;
  r.packed = static_cast<const char*>(call.packed);
  r.epilogue = call.epilogue;
  r.output = call.output;
  r.out_h = conv_out_height(s);
  r.out_w = conv_out_width(s);
  const int64_t group_outputs = s.k / s.groups;
  const uintptr_t addresses = reinterpret_cast<uintptr_t>(call.output) |
                              reinterpret_cast<uintptr_t>(call.epilogue.residual);
  r.wide_stores = addresses % 16 == 0 && group_outputs % 8 == 0;
  r.tiles_h = half_ceil_div(r.out_h, r.problem.plan.rows.tile);
  r.tiles_w = half_ceil_div(r.out_w, r.problem.plan.cols.tile);
  r.asynchronous =
      reinterpret_cast<uintptr_t>(call.input) % 16 == 0 && s.c % 8 == 0 && s.c / s.groups % 8 == 0;
  return call.layout->dtype == ESP_DTYPE_BF16
             ? launch_half<true>(call.layout->vector, &r, call.stream)
             : launch_half<false>(call.layout->vector, &r, call.stream);
}

}  // namespace espalier
