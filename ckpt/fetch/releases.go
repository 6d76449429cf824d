package fetch

import (
	"cmp"
	"fmt"
	"net/url"
	"path"
	"slices"
	"strings"
	"unicode"
)

// Release is a file that can be fetched: an archive of a checkpoint, or of
// pictures.
type Release struct {
	// Name is what it is asked for by.
	Name string
	// Net is the net of the zoo (package graft/stdlib/nets) that the checkpoint
	// is of; "" for data, and for multipliers that the zoo has no name for.
	Net string
	// URL is where it was published.
	URL string
	// SHA256 is the archive's checksum in hexadecimal, "" where nobody has
	// published one: then what the first download gave is what later ones must
	// give.
	SHA256 string
	// Bytes is the archive's size, 0 where it is not known.
	Bytes int64
	// Parameters is the number of the net's parameters in millions, four bytes
	// each in the checkpoint, which may hold averages and slots besides.
	Parameters float64
	// Top1 and Top5 are the published accuracies on ImageNet in percent, 0
	// where there is none.
	Top1, Top5 float64
}

// File is the archive's name, which it has on a mirror too.
func (r Release) File() string {
	u, err := url.Parse(r.URL)
	if err != nil {
		return path.Base(r.URL)
	}
	return path.Base(u.Path)
}

// Where the releases lie. The first bucket is what download.tensorflow.org
// shows, over TLS.
const (
	tensorflow = "https://storage.googleapis.com/download.tensorflow.org/"
	google     = "https://storage.googleapis.com/"
)

// Releases lists what there is: the checkpoints of the tables in TF-Slim's
// README, mobilenet_v1.md and mobilenet/README.md (research/slim), and the
// flowers that its walk-through trains on.
//
// The checksums are those that the maintainers of package collections
// recorded: Guild AI's gpkg.slim, the Yocto recipes that install the
// MobileNets, and, of the flowers, TensorFlow Datasets. Where two had the same
// archive they agreed.
func Releases() []Release {
	return []Release{
		{Name: "flowers", URL: tensorflow + "example_images/flower_photos.tgz", SHA256: "4c54ace7911aaffe13a365c34f650e71dd5bf1be0a58b464e5a7183e3e595d9c", Bytes: 228813984},
		{Name: "vgg_16", Net: "vgg_16", URL: tensorflow + "models/vgg_16_2016_08_28.tar.gz", SHA256: "de44460bf79d3da5d843946bbee82a9a872a8bf020787922914aa9a4b125126e", Bytes: 513324920, Parameters: 138.36, Top1: 71.5, Top5: 89.8},
		{Name: "vgg_19", Net: "vgg_19", URL: tensorflow + "models/vgg_19_2016_08_28.tar.gz", SHA256: "9071fd96f91e261c62378cd073897cf038a278a1fbd6c763a8f9eecf311a3cf8", Parameters: 143.67, Top1: 71.1, Top5: 89.8},
		{Name: "inception_v1", Net: "inception_v1", URL: tensorflow + "models/inception_v1_2016_08_28.tar.gz", SHA256: "7a620c430fcaba8f8f716241f5148c4c47c035cce4e49ef02cfbe6cd1adf96a6", Parameters: 6.62, Top1: 69.8, Top5: 89.6},
		{Name: "inception_v2", Net: "inception_v2", URL: tensorflow + "models/inception_v2_2016_08_28.tar.gz", SHA256: "3b9d269984402003d8330affc4e1463c0b4cfd536339ad12446a48d72477480a", Parameters: 11.18, Top1: 73.9, Top5: 91.8},
		{Name: "inception_v3", Net: "inception_v3", URL: tensorflow + "models/inception_v3_2016_08_28.tar.gz", SHA256: "9430692d3002277fa1e1a94fb82331fe5da68b9afd725c2679c21a0319933228", Parameters: 27.15, Top1: 78, Top5: 93.9},
		{Name: "inception_v4", Net: "inception_v4", URL: tensorflow + "models/inception_v4_2016_09_09.tar.gz", SHA256: "272a2b24f68b2e51f3081479df075dd62b019ccda630e998fb7f6cf314c0f304", Parameters: 46.01, Top1: 80.2, Top5: 95.2},
		{Name: "inception_resnet_v2", Net: "inception_resnet_v2", URL: tensorflow + "models/inception_resnet_v2_2016_08_30.tar.gz", SHA256: "3471bf35c5322271081346a0bdfae0aee706561b8243ec3ba2249aea2dcb8506", Parameters: 59.18, Top1: 80.4, Top5: 95.3},
		{Name: "resnet_v1_50", Net: "resnet_v1_50", URL: tensorflow + "models/resnet_v1_50_2016_08_28.tar.gz", SHA256: "91a0dc25289e7ef648df304b15f06c43ce6f4446d08eb0168479dd2295101c73", Parameters: 25.56, Top1: 75.2, Top5: 92.2},
		{Name: "resnet_v1_101", Net: "resnet_v1_101", URL: tensorflow + "models/resnet_v1_101_2016_08_28.tar.gz", SHA256: "5d813fcf5e56e7c9c2483d73b46644394cdbb31f9f4bf7140fb2809f7aa11a19", Parameters: 44.55, Top1: 76.4, Top5: 92.9},
		{Name: "resnet_v1_152", Net: "resnet_v1_152", URL: tensorflow + "models/resnet_v1_152_2016_08_28.tar.gz", SHA256: "c89b549ada486d9c0db6d90e874a1a652d899f9b541ae9c430fee8251572181d", Parameters: 60.19, Top1: 76.8, Top5: 93.2},
		{Name: "resnet_v2_50", Net: "resnet_v2_50", URL: tensorflow + "models/resnet_v2_50_2017_04_14.tar.gz", SHA256: "2c5c3a852526d0d6e8a35829d4e50533468baaed834a0046ba430e80982ed57c", Parameters: 25.57, Top1: 75.6, Top5: 92.8},
		{Name: "resnet_v2_101", Net: "resnet_v2_101", URL: tensorflow + "models/resnet_v2_101_2017_04_14.tar.gz", SHA256: "b324d02f28839d11f382785bdf4444ec3bdccb28e1b691a4f45b8f04370e4191", Parameters: 44.58, Top1: 77, Top5: 93.7},
		{Name: "resnet_v2_152", Net: "resnet_v2_152", URL: tensorflow + "models/resnet_v2_152_2017_04_14.tar.gz", SHA256: "c3ec824f19b4919fc7d069dc3a2a9d0f045f35e843c563c4eeeefbedf4852867", Parameters: 60.24, Top1: 77.8, Top5: 94.1},
		{Name: "mobilenet_v1_1.0_224", Net: "mobilenet_v1", URL: tensorflow + "models/mobilenet_v1_2018_02_22/mobilenet_v1_1.0_224.tgz", SHA256: "1ccb74dbd9c5f7aea879120614e91617db9534bdfaa53dfea54b7c14162e126b", Parameters: 4.24, Top1: 70.9, Top5: 89.9},
		{Name: "mobilenet_v1_1.0_192", Net: "mobilenet_v1", URL: tensorflow + "models/mobilenet_v1_2018_02_22/mobilenet_v1_1.0_192.tgz", SHA256: "ad683fb270cd1b0f49c820c4acf5fcbbfa546ae354b1345a4fff5f19f99d7c44", Parameters: 4.24, Top1: 70, Top5: 89.2},
		{Name: "mobilenet_v1_1.0_160", Net: "mobilenet_v1", URL: tensorflow + "models/mobilenet_v1_2018_02_22/mobilenet_v1_1.0_160.tgz", SHA256: "1f612ebeda0e7e149897273c445b790ca8924a8a1488e6a61d36166a562fd89c", Parameters: 4.24, Top1: 68, Top5: 87.7},
		{Name: "mobilenet_v1_1.0_128", Net: "mobilenet_v1", URL: tensorflow + "models/mobilenet_v1_2018_02_22/mobilenet_v1_1.0_128.tgz", SHA256: "d16f3102c1cb087eacf94c6a5abf0477767158fb891b2710409472bca4d988a8", Parameters: 4.24, Top1: 65.2, Top5: 85.8},
		{Name: "mobilenet_v1_0.75_224", Net: "mobilenet_v1_075", URL: tensorflow + "models/mobilenet_v1_2018_02_22/mobilenet_v1_0.75_224.tgz", SHA256: "bf61b3ce7ca2d045bb35fa6ab9a68732e3531291266db4a8c7715227d7425657", Parameters: 2.59, Top1: 68.4, Top5: 88.2},
		{Name: "mobilenet_v1_0.75_192", Net: "mobilenet_v1_075", URL: tensorflow + "models/mobilenet_v1_2018_02_22/mobilenet_v1_0.75_192.tgz", SHA256: "3d91d279cd06c055500aabdff8dfbd51a63797c7bb6b3f9a39e243f7c13997e9", Parameters: 2.59, Top1: 67.2, Top5: 87.3},
		{Name: "mobilenet_v1_0.75_160", Net: "mobilenet_v1_075", URL: tensorflow + "models/mobilenet_v1_2018_02_22/mobilenet_v1_0.75_160.tgz", SHA256: "90b3f26406a89df489373358aa89d9db7bcb66d2400160f16f3687f79e4f66b2", Parameters: 2.59, Top1: 65.3, Top5: 86},
		{Name: "mobilenet_v1_0.75_128", Net: "mobilenet_v1_075", URL: tensorflow + "models/mobilenet_v1_2018_02_22/mobilenet_v1_0.75_128.tgz", SHA256: "54a28065f6f230d0b71cf8fbbc50bbb89b4fdfada8e7e2a622da68b971d5ab97", Parameters: 2.59, Top1: 62.1, Top5: 83.9},
		{Name: "mobilenet_v1_0.5_224", Net: "mobilenet_v1_050", URL: tensorflow + "models/mobilenet_v1_2018_02_22/mobilenet_v1_0.5_224.tgz", SHA256: "0eb9be8d18dcf9466a2a2d2157e71c83cd70dc168255d76d72bfe965318db725", Parameters: 1.34, Top1: 63.3, Top5: 84.9},
		{Name: "mobilenet_v1_0.5_192", Net: "mobilenet_v1_050", URL: tensorflow + "models/mobilenet_v1_2018_02_22/mobilenet_v1_0.5_192.tgz", SHA256: "57c81cc48349d1079377f8cdeed3f017500aeb98a12f16c6ed2086a50848ecb6", Parameters: 1.34, Top1: 61.7, Top5: 83.6},
		{Name: "mobilenet_v1_0.5_160", Net: "mobilenet_v1_050", URL: tensorflow + "models/mobilenet_v1_2018_02_22/mobilenet_v1_0.5_160.tgz", SHA256: "fb01b76ca1fb053e5f98d297e21c6c53d0d9f6a8b02ad2e88ac22b33b2adf729", Parameters: 1.34, Top1: 59.1, Top5: 81.9},
		{Name: "mobilenet_v1_0.5_128", Net: "mobilenet_v1_050", URL: tensorflow + "models/mobilenet_v1_2018_02_22/mobilenet_v1_0.5_128.tgz", SHA256: "5a0def0d844327526385b110cdcaa6428d0828ff6d07515ef25bf3976e049d88", Parameters: 1.34, Top1: 56.3, Top5: 79.4},
		{Name: "mobilenet_v1_0.25_224", Net: "mobilenet_v1_025", URL: tensorflow + "models/mobilenet_v1_2018_02_22/mobilenet_v1_0.25_224.tgz", SHA256: "eee166d4d1de004e2ee5de19a4f5045574d764ef59569dc284545f805a295074", Parameters: 0.47, Top1: 49.8, Top5: 74.2},
		{Name: "mobilenet_v1_0.25_192", Net: "mobilenet_v1_025", URL: tensorflow + "models/mobilenet_v1_2018_02_22/mobilenet_v1_0.25_192.tgz", SHA256: "4889d7afabc31011f5218f6111532947ff7d5b6b9368afe1f152c67c6f30ea73", Parameters: 0.47, Top1: 47.7, Top5: 72.3},
		{Name: "mobilenet_v1_0.25_160", Net: "mobilenet_v1_025", URL: tensorflow + "models/mobilenet_v1_2018_02_22/mobilenet_v1_0.25_160.tgz", SHA256: "8eb4540af0227e5e59849c41ca6da6f07e257cca887ec0f8cd33aeb46f1405cf", Parameters: 0.47, Top1: 45.5, Top5: 70.3},
		{Name: "mobilenet_v1_0.25_128", Net: "mobilenet_v1_025", URL: tensorflow + "models/mobilenet_v1_2018_02_22/mobilenet_v1_0.25_128.tgz", SHA256: "34c52de7562259f66399993ef5ea222cc625d2e6f6f886a01fdc6cc99a0c7ee6", Parameters: 0.47, Top1: 41.5, Top5: 66.3},
		{Name: "mobilenet_v2_1.4_224", Net: "mobilenet_v2_140", URL: google + "mobilenet_v2/checkpoints/mobilenet_v2_1.4_224.tgz", SHA256: "a20d0c8d698502dc6a620528871c97a588885df7737556243a3412b39fce85e0", Parameters: 6.06, Top1: 75, Top5: 92.5},
		{Name: "mobilenet_v2_1.3_224", URL: google + "mobilenet_v2/checkpoints/mobilenet_v2_1.3_224.tgz", SHA256: "b04129d44a46e0eb409c1a2bc255472ebdd57f9c091812e7866d79d0cc7fecaa", Parameters: 5.34, Top1: 74.4, Top5: 92.1},
		{Name: "mobilenet_v2_1.0_224", Net: "mobilenet_v2", URL: google + "mobilenet_v2/checkpoints/mobilenet_v2_1.0_224.tgz", SHA256: "318084bc1b63d6d7b854553e09cdf77078b1c0168be27c59a0d44253b5ed49dc", Parameters: 3.47, Top1: 71.8, Top5: 91},
		{Name: "mobilenet_v2_1.0_192", Net: "mobilenet_v2", URL: google + "mobilenet_v2/checkpoints/mobilenet_v2_1.0_192.tgz", SHA256: "e8d9cd7c571f375c80945b5f889705ae412db32d3419d747e796429e39132f48", Parameters: 3.47, Top1: 70.7, Top5: 90.1},
		{Name: "mobilenet_v2_1.0_160", Net: "mobilenet_v2", URL: google + "mobilenet_v2/checkpoints/mobilenet_v2_1.0_160.tgz", SHA256: "e374bc70066dde0c3af6cb4c98ecd8707800d71d11353c4cc359b3069415f23e", Parameters: 3.47, Top1: 68.8, Top5: 89},
		{Name: "mobilenet_v2_1.0_128", Net: "mobilenet_v2", URL: google + "mobilenet_v2/checkpoints/mobilenet_v2_1.0_128.tgz", SHA256: "f692e341cf1529df4f7e68ed13d0284ad8796ade1108f802eec135abc1fc1b83", Parameters: 3.47, Top1: 65.3, Top5: 86.9},
		{Name: "mobilenet_v2_1.0_96", Net: "mobilenet_v2", URL: google + "mobilenet_v2/checkpoints/mobilenet_v2_1.0_96.tgz", SHA256: "8f0377b71d79f5626c5198f248b476d2604b3e4e596ca4076e1b1f8fcd3f3844", Parameters: 3.47, Top1: 60.3, Top5: 83.2},
		{Name: "mobilenet_v2_0.75_224", URL: google + "mobilenet_v2/checkpoints/mobilenet_v2_0.75_224.tgz", SHA256: "335cd22c7e1c5e80205dedd6e2ff5d1d8af5c29074496eb047fd621349e10cc5", Parameters: 2.61, Top1: 69.8, Top5: 89.6},
		{Name: "mobilenet_v2_0.75_192", URL: google + "mobilenet_v2/checkpoints/mobilenet_v2_0.75_192.tgz", SHA256: "40efef9324376d47b872d1cd6e4de8ba7c9323b6203252aa66dc2b2413e0dc8d", Parameters: 2.61, Top1: 68.7, Top5: 88.9},
		{Name: "mobilenet_v2_0.75_160", URL: google + "mobilenet_v2/checkpoints/mobilenet_v2_0.75_160.tgz", SHA256: "904d1a1f84c329ad766464d132f697e96814685853c45c6ee4dd21877ada36bc", Parameters: 2.61, Top1: 66.4, Top5: 87.3},
		{Name: "mobilenet_v2_0.75_128", URL: google + "mobilenet_v2/checkpoints/mobilenet_v2_0.75_128.tgz", SHA256: "9ac932679a9fb1304bc1435bb7fa30e1b2fcaa7f49e0902da24d154ec83f9302", Parameters: 2.61, Top1: 63.2, Top5: 85.3},
		{Name: "mobilenet_v2_0.75_96", URL: google + "mobilenet_v2/checkpoints/mobilenet_v2_0.75_96.tgz", SHA256: "bdf06eec5478dbb1bb9e01648637d8acd4cc500f72e1a3dad01ba45642e31e6f", Parameters: 2.61, Top1: 58.8, Top5: 81.6},
		{Name: "mobilenet_v2_0.5_224", URL: google + "mobilenet_v2/checkpoints/mobilenet_v2_0.5_224.tgz", SHA256: "813febbdbe2a7a50055ee2f6b374938aed03e2f607f63f3479622aefc4e12b00", Parameters: 1.95, Top1: 65.4, Top5: 86.4},
		{Name: "mobilenet_v2_0.5_192", URL: google + "mobilenet_v2/checkpoints/mobilenet_v2_0.5_192.tgz", SHA256: "5a344ed91cded5d420b6c65d47343ee60b43b570953b0feed4ee95451a679dd5", Parameters: 1.95, Top1: 63.9, Top5: 85.4},
		{Name: "mobilenet_v2_0.5_160", URL: google + "mobilenet_v2/checkpoints/mobilenet_v2_0.5_160.tgz", SHA256: "f89c879b1a45c5d677ad7fe499f08a7854ef1772f0f5ae5d606afaaa87218e45", Parameters: 1.95, Top1: 61, Top5: 83.2},
		{Name: "mobilenet_v2_0.5_128", URL: google + "mobilenet_v2/checkpoints/mobilenet_v2_0.5_128.tgz", SHA256: "ba078efd101c2308fb978467084f0ec12485ed8bfbb7695e477587b3272a1d66", Parameters: 1.95, Top1: 57.7, Top5: 80.8},
		{Name: "mobilenet_v2_0.5_96", URL: google + "mobilenet_v2/checkpoints/mobilenet_v2_0.5_96.tgz", SHA256: "71a814047d7729bad711ae3e7db30e6c32999a1189f88d328b73939f7aa80d62", Parameters: 1.95, Top1: 51.2, Top5: 75.8},
		{Name: "mobilenet_v2_0.35_224", Net: "mobilenet_v2_035", URL: google + "mobilenet_v2/checkpoints/mobilenet_v2_0.35_224.tgz", SHA256: "efcc34277c52f7dd4b0b26c2f52686793f4ea5fdddc899ac5aac9eb8d5861550", Parameters: 1.66, Top1: 60.3, Top5: 82.9},
		{Name: "mobilenet_v2_0.35_192", Net: "mobilenet_v2_035", URL: google + "mobilenet_v2/checkpoints/mobilenet_v2_0.35_192.tgz", SHA256: "5dec603e2714a780c3cfc0656dac51bf2f4b354c4f7acda879ad5b6017f3f55b", Parameters: 1.66, Top1: 58.2, Top5: 81.2},
		{Name: "mobilenet_v2_0.35_160", Net: "mobilenet_v2_035", URL: google + "mobilenet_v2/checkpoints/mobilenet_v2_0.35_160.tgz", SHA256: "e579b5b50f47e88dc0c4390d20a396658b97457182f83905154a8a687ba15fa7", Parameters: 1.66, Top1: 55.7, Top5: 79.1},
		{Name: "mobilenet_v2_0.35_128", Net: "mobilenet_v2_035", URL: google + "mobilenet_v2/checkpoints/mobilenet_v2_0.35_128.tgz", SHA256: "c21a8f89e2e1a49e9002b1e1b871f3c92695ccb0cd64e7e7a21b71f2820beddb", Parameters: 1.66, Top1: 50.8, Top5: 75},
		{Name: "mobilenet_v2_0.35_96", Net: "mobilenet_v2_035", URL: google + "mobilenet_v2/checkpoints/mobilenet_v2_0.35_96.tgz", SHA256: "282996bca7d799d0172ce5d34ac59dea497c4c75f069a8b466bb944c6f843353", Parameters: 1.66, Top1: 45.5, Top5: 70.4},
		{Name: "mobilenet_v3_large_1.0_224", Net: "mobilenet_v3_large", URL: google + "mobilenet_v3/checkpoints/v3-large_224_1.0_float.tgz", SHA256: "9be8563f92022f412c82f2811d670888d6db998e2da9af3e71415fdde2f4f504", Parameters: 5.4, Top1: 75.2},
		{Name: "mobilenet_v3_large_0.75_224", URL: google + "mobilenet_v3/checkpoints/v3-large_224_0.75_float.tgz", SHA256: "4346e7893769d3f8ac79e28e7924b351bf8348a8a4d5e7a606260003e706aea5", Parameters: 4, Top1: 73.3},
		{Name: "mobilenet_v3_small_1.0_224", Net: "mobilenet_v3_small", URL: google + "mobilenet_v3/checkpoints/v3-small_224_1.0_float.tgz", SHA256: "e60ad9f450f892ae56f8b9122ffc750d88940d9e6b63f6dc70649179fb3a9065", Parameters: 2.9, Top1: 67.5},
		{Name: "mobilenet_v3_small_0.75_224", URL: google + "mobilenet_v3/checkpoints/v3-small_224_0.75_float.tgz", SHA256: "fffd2e437434f319623ecf26cdbebdb933dcd753afa38e7c2f78cb59c6fc470f", Parameters: 2.4, Top1: 65.4},
		{Name: "mobilenet_v3_large_minimalistic_1.0_224", Net: "mobilenet_v3_large_minimalistic", URL: google + "mobilenet_v3/checkpoints/v3-large-minimalistic_224_1.0_float.tgz", Parameters: 3.9, Top1: 72.3},
		{Name: "mobilenet_v3_small_minimalistic_1.0_224", Net: "mobilenet_v3_small_minimalistic", URL: google + "mobilenet_v3/checkpoints/v3-small-minimalistic_224_1.0_float.tgz", Parameters: 2, Top1: 61.9},
		{Name: "mobilenet_edgetpu_1.0_224", Net: "mobilenet_edgetpu", URL: google + "mobilenet_edgetpu/checkpoints/mobilenet_edgetpu_224_1.0.tgz", Parameters: 4, Top1: 75.6},
		{Name: "mobilenet_edgetpu_0.75_224", Net: "mobilenet_edgetpu_075", URL: google + "mobilenet_edgetpu/checkpoints/mobilenet_edgetpu_224_0.75.tgz", Parameters: 2.9, Top1: 73.5},
		{Name: "nasnet_mobile", Net: "nasnet_mobile", URL: tensorflow + "models/nasnet-a_mobile_04_10_2017.tar.gz", SHA256: "aafa7066c238f02776da34b12fd6560e8d6784f73687ec5519d863a531335f38", Parameters: 5.33, Top1: 74, Top5: 91.6},
		{Name: "nasnet_large", Net: "nasnet_large", URL: tensorflow + "models/nasnet-a_large_04_10_2017.tar.gz", SHA256: "385a9aa44f1554e1e6cedf19b4e1bfe9b14b704b32acbf8f9f4f8327d72ad3fb", Parameters: 88.95, Top1: 82.7, Top5: 96.2},
		{Name: "pnasnet_large", Net: "pnasnet_large", URL: tensorflow + "models/pnasnet-5_large_2017_12_13.tar.gz", SHA256: "ce5fa64421d5285ae0a434b51d9ab142c88b3d7e542558e6c91bd4f6533d17e3", Parameters: 86.24, Top1: 82.9, Top5: 96.2},
		{Name: "pnasnet_mobile", Net: "pnasnet_mobile", URL: tensorflow + "models/pnasnet-5_mobile_2017_12_13.tar.gz", SHA256: "06ce8bf80d7711e820d6d1266c5b23c4820c8cabf827c65b1cfed2e4b16b5b93", Parameters: 5.1, Top1: 74.2, Top5: 91.9},
	}
}

// Find is the release of a name, in any case of letters: its own, its
// archive's, or that of a net, of which it is then the most accurate. An
// unknown name is an error that says which come close.
func Find(name string) (Release, error) {
	if r, ok := find(name); ok {
		return r, nil
	}
	alike := Releases()
	alike = slices.DeleteFunc(alike, func(r Release) bool { return near(r.Name, name) == 0 })
	slices.SortStableFunc(alike, func(a, b Release) int { return cmp.Compare(near(b.Name, name), near(a.Name, name)) })
	hint := fmt.Sprintf("there are %d: fetch.Releases, or `graft ckpt get` without a name, lists them", len(Releases()))
	if len(alike) > 0 {
		var names []string
		for _, r := range alike[:min(len(alike), 5)] {
			names = append(names, r.Name)
		}
		hint = "did you mean " + strings.Join(names, " or ") + "?"
	}
	return Release{}, fmt.Errorf("ckpt/fetch: no release is called %q; %s", name, hint)
}

func find(name string) (best Release, ok bool) {
	for _, r := range Releases() {
		if strings.EqualFold(r.Name, name) || strings.EqualFold(r.File(), name) || strings.EqualFold(stem(r), name) {
			return r, true
		}
		if strings.EqualFold(r.Net, name) && name != "" && (!ok || r.Top1 > best.Top1) {
			best, ok = r, true
		}
	}
	return best, ok
}

// stem is the archive's name without its ending.
func stem(r Release) string {
	return strings.TrimSuffix(strings.TrimSuffix(r.File(), ".tgz"), ".tar.gz")
}

// near says how much b looks as if it were meant to be a: the words and numbers
// that they share in the same order, less those that b lacks. It is 0 if they
// share no word, or not half of b's.
func near(a, b string) int {
	found, wanted := words(a), words(b)
	word, shared := false, 0
	for _, w := range wanted {
		if slices.Contains(found, w) {
			shared++
			word = word || len(w) > 1 && unicode.IsLetter(rune(w[0]))
		}
	}
	if !word || 2*shared < len(wanted) {
		return 0
	}
	return max(1, 8*inOrder(found, wanted)-len(found))
}

// inOrder is the length of the longest sequence that both have in this order.
func inOrder(a, b []string) int {
	last := make([]int, len(b)+1)
	for _, x := range a {
		diagonal := 0
		for j, y := range b {
			above := last[j+1]
			if x == y {
				last[j+1] = diagonal + 1
			} else {
				last[j+1] = max(above, last[j])
			}
			diagonal = above
		}
	}
	return last[len(b)]
}

// words are the runs of letters and of digits in a name.
func words(name string) (out []string) {
	class := func(c rune) int {
		switch {
		case unicode.IsLetter(c):
			return 1
		case unicode.IsDigit(c):
			return 2
		}
		return 0
	}
	last := 0
	for _, c := range strings.ToLower(name) {
		switch now := class(c); {
		case now == 0:
		case now == last:
			out[len(out)-1] += string(c)
		default:
			out = append(out, string(c))
		}
		last = class(c)
	}
	return out
}
