/* signature_vectors.h - keys and signatures over MESSAGE, made once with
 * OpenSSL; the private keys are gone. */

#ifndef TESTS_SIGNATURE_VECTORS_H
#define TESTS_SIGNATURE_VECTORS_H

#define MESSAGE "run this: update 7"
#define MESSAGE_SHA256                                                         \
    "8f2c7409701f4c072b8af65d5ef3c029025067c1f1025676ec505c9024bc22fe"

#define KEY_P256                                                               \
    "-----BEGIN PUBLIC KEY-----\n"                                             \
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEgE1dETfwSK1gCu9quY1f3NysrErU\n"       \
    "zPudC9GgPqomuf+MlAVq6rMnd2wRMDlMitm4hzhLxoIn3yJHKT0YTVIy/Q==\n"           \
    "-----END PUBLIC KEY-----\n"

#define KEY_P256_OTHER                                                         \
    "-----BEGIN PUBLIC KEY-----\n"                                             \
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEuCxyih5uGM3d/oRvFyQw7lSaAVO+\n"       \
    "bJdXj/mNUr29ELseIJpWhwdHACe3RTmOTu+bBcejwCN1S+FOcJN1DCVHbg==\n"           \
    "-----END PUBLIC KEY-----\n"

#define KEY_P384                                                               \
    "-----BEGIN PUBLIC KEY-----\n"                                             \
    "MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEN+jz61XJ+bdApoAuWpbA40L+qNM0jjKT\n"       \
    "WOV0G8ekyRRukoNa/S2hi01u/2u/MhYwRFETn3p8hsBxMiu2x2rk+lstUW1/UMzy\n"       \
    "tkMUYArt6APBubhHAaRdHUCHJuN1pgX6\n"                                       \
    "-----END PUBLIC KEY-----\n"

#define KEY_P521                                                               \
    "-----BEGIN PUBLIC KEY-----\n"                                             \
    "MIGbMBAGByqGSM49AgEGBSuBBAAjA4GGAAQBCHFRzt7vWHmdSUDeSgLYfZ2A5X3k\n"       \
    "M+Q8sqQfH2fAsr3Tj8FcRz0w5G2K7PS5PYBS4RjE0mw1scImNHggiZBnfZoB/0pL\n"       \
    "r1+ABjzZZ2Spwc2MWA4OB72bOcZDWaNwixjI2yBMi4bGHb0grDG4JeJvQdRr+vkn\n"       \
    "X0avYt7RGBcveA1fH2M=\n"                                                   \
    "-----END PUBLIC KEY-----\n"

#define KEY_RSA2048                                                            \
    "-----BEGIN PUBLIC KEY-----\n"                                             \
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAuAw33EmGd2HyPjYZGgSc\n"       \
    "WQbiZ8ChXk8+wn9uk2RrbdwYZypj3udYG1a17zfWWGbJbwXKWfij93sbkD06CQNz\n"       \
    "qqJJ61jUzdjIbhioX1+jzpRASIgm5iaHCWbGPLs/qHRKomLNLdfQFFNPGg+F/QOE\n"       \
    "SduwfkNGHfCzHYcxUnzBiOSHg0KkY6KvIFahW+x8fj5yEH8OFxuHmsMse00jizwW\n"       \
    "aukf1tvhXJjONAQuv2mT9+W4yuLrf+BOgQ4/Ik7kY/SzC7QpEWjXvUK+BxrycDqd\n"       \
    "TQrayVnHFlceeApaYDS7VoK1URftWLjxF3NDbHS+LqmaJdgGz7/NbeMojh82jFlN\n"       \
    "iwIDAQAB\n"                                                               \
    "-----END PUBLIC KEY-----\n"

#define KEY_RSA1024                                                            \
    "-----BEGIN PUBLIC KEY-----\n"                                             \
    "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQCm75joGiDqt1Scy04RSMoLYO1Z\n"       \
    "6dckbpKMHCu7XAZndh0ogBWc6RBzdDisvEjrOcWndpBkTufb/5ba2pQl83wlrBOa\n"       \
    "yKGGE8wiSlMScl9tkhcXIjFMS6PnEpvWEdDhPYQZX4oXMlOXJ82VpJECCvteStYV\n"       \
    "z80Ggj9HBOoQY9OeSQIDAQAB\n"                                               \
    "-----END PUBLIC KEY-----\n"

#define KEY_ED25519                                                            \
    "-----BEGIN PUBLIC KEY-----\n"                                             \
    "MCowBQYDK2VwAyEAKusoHELqndIE7Y+YS/V9pTiK2K9DIi6UPnk1D+XFCN8=\n"           \
    "-----END PUBLIC KEY-----\n"

#define KEY_RSA_SLOW                                                           \
    "-----BEGIN PUBLIC KEY-----\n"                                             \
    "MIIBRTANBgkqhkiG9w0BAQEFAAOCATIAMIIBLQKCAQEAwM7US6qwGHpZHOJvpJVp\n"       \
    "5hh9War4ppU9hjhHzVQLRE031yf0HB0LZ7qN7SbOCMyCLME9rm9xm2zUNTXXS9qM\n"       \
    "FfXKQXsm+MyQSARCNIH3KyAWrs1RpQux3zUPAl60OcxHbAcljAawvF/1EijuKlNU\n"       \
    "lZHNge3RpRWo2tCbj7ftCNbOnbUUAeOJZ29ZF4TolaL9so6YvWsIKMTptz11FGHe\n"       \
    "sOU210ZRlPPVouK8FsYJKFrvOX/Kzqj5l6/nEzooDrA7fiNoammYckIXUqhOx5Hm\n"       \
    "uFTYCrM9X1Pj0SrPVDGwbbwGcIo/VsU3VZ1kNVua7uFMFZsvYhBHDTmcSBiRWbNG\n"       \
    "cwImC8y6p9+Zw6Aj9k2eJDSvXLPwgmJis4EY1lDmkMLytgcwnIl1Eg8=\n"               \
    "-----END PUBLIC KEY-----\n"

#define ES256_DER                                                              \
    "3045022100f19db8dc08d1fe980c0869e98eb928578a9fdaade375c5702d3d74"         \
    "71322af442022074cebfdabac2a4caef5bca0df48343c712d333c9edd9373f69"         \
    "7c51be81471a22"

#define ES384_DER                                                              \
    "306402300d61c528181c1a6a00efccc4f3d619b0ac34597b829a65086c9f6200"         \
    "81768b06fb15104eb6f3ff77f512df88e112075702300583105766c442354054"         \
    "f9338b080f1bf57c1ef41637e57d4febc97363917f5b8a55ede050421edaec9e"         \
    "82be85435231"

#define PS256                                                                  \
    "0c04ed48af8d9231927bbe02ae69e17ca4111aed2976d0da7b6b89d24a2a568e"         \
    "571762d3fe395d63a5d4aff5bf9f4dfd2fe66aa0610267d3746efb60f7aef2cb"         \
    "668fa0f2661d906c9f6381adb006219bc54490d81daabe4869aea269ae4a75d4"         \
    "5593364414f3e884277d50855fffbc698dca47e3a55e030d4e1f0e7b1f94d5a3"         \
    "d65a78895941883ea8c7ffff713f3a49020a33b576c1674fd58e3610a107b2ed"         \
    "8bebc5a49d7c7bb231899a5c5beffb9c84a9e405752e7f8d5ab02eb63553cf84"         \
    "aa44f485ad432a1f7bd878a09b8831c4e1d037cbf8db89781b63707a17f5782e"         \
    "94bf91a5dd21b26afee7cdca5f9ef657a527672d99ffe1549c52c653c5312a1f"

#define PSS_SALT_20                                                            \
    "19aeb0fa907998ceb35c90b6c6dab16d4f033c43b9b367c26d95fefe04ae7109"         \
    "34c2cc5895dc64f0486706a4c86d4cfd3bf315f9e8bf624acc95e1597e6b418f"         \
    "d7414df4068d157fc2dce8d5df9be9b07b144b0f7172a25240056261925fd9df"         \
    "4802d954a9049c54883198efdc44bd198aa75edb7340a2f14e0702efdee16641"         \
    "b9cc0898d57cf11243b2d09d99f300f7dfdd8627758ed3a50d329f3676554e67"         \
    "659e62371ff153f334b0a6dd9d613b5616fa20fd71fa8d24f934d6b1c4cc499e"         \
    "62c0e62dd24713eed4420c5846b78e72830fe3a8ce2ede5b146850892ab25f15"         \
    "38c6ccd8a47a432083c48387146220e805aefbf1e71ff0953f96c73d2998284a"

#define PSS_SALT_0                                                             \
    "88b48520ef9a35291c0c010debad7e5821e6b0b958d604768a6f4875b2ddc52f"         \
    "07eb7b6dd5e6bf3bc42a1de1fab2cfdc487dca1736cce2dca6c9336dd83ef1b4"         \
    "440e03f7fcbe4eccf0c8a6534905c4262b6f177ba44c0829f14e9a65286db0a0"         \
    "e8752ae2f2f74464db1403c743cc08c701d50f8c2f670460b0c553b2bfcf4435"         \
    "43363a660506459b436fde0897a2ff5fcf931024dd144a15d9a25d7844ef1ae1"         \
    "f4a9d5b9fc10c6e13e43346837195ef62b8ef1a8dbc060cc6674dc8b94929924"         \
    "24b8663a774a4d30711324afc79e022c7c90fc2ce127cffe22408cec79a6a49d"         \
    "21c0b656595acc1db42bac334db5a40859198b316a6ad1f9a0e54c49eadbf546"

#define PSS_SALT_MOST                                                          \
    "87aecf57f2ff1bab32effaf83342c9a159a416f08389cbb1fc55e78e2580a34b"         \
    "3c8e775ed5175577ef6fe066b7ecc70fbed925724e24d2dcc80d398299bf27f1"         \
    "a31cbce1bbd1be2b87ff7b2fec1ace3068d342e371fd4a39cb4141bbb4fc4fb6"         \
    "9cb36eaa997c20630a30394a4e66a335e0c297aa5fe6f10008c8c1433c636e5e"         \
    "e731f317e88938573195ba785a5b9b8546aaead0866188f3065882ad5b13d23c"         \
    "5ff7b62c1662de8e8eed59a9e13c215b4fde86c78c5c93b33c56e199fbfd8a9e"         \
    "bfbfe7292a540a0551a1256ce6e6b011adeb9f31b9caadc4254136fd56fad1a1"         \
    "8d1dd30c1120075092f297c99101162dfee94efe3db6a9837dd9c4f6847c04ca"

#define PSS_MGF1_SHA1                                                          \
    "84600f39b751956433e75876657f96e2a25beee9c8ff9cdd8de7e162c8e8d458"         \
    "224a648874d018b8c7dab924d6bfc36f86e333c2f80af66ff766b58fbf197dbf"         \
    "0f038e4aa1c78c87a48fb398cfe568b3551d97d6527a38ee74b7340c6e69f92b"         \
    "e3452d29dbab152435ce7ed17f90c996bd8974d7c39b531379f833f377c20338"         \
    "a6b56aa5aa2f0381aae265cd55526a92c6eada9afd6b3531ee63dc675a40fb77"         \
    "5917287b805de628478df7f0d4e5872d2d1db45d52a944b9b866764ef1273a1e"         \
    "c1dd2fbc29370558cb892aee75229e9a6a1bed0ed700cf7a48c7a7805c4ad29a"         \
    "b104c1dd605215dbafb86e2221f95c2928afd36a5bd95c4f8f2fdc6993b06ef0"

#define PSS_SHA384                                                             \
    "139e8709e7c1eb44d8464504313b4d0ed6d61d7cbca570bab65c6be845c0acdf"         \
    "bccd4df6c91bbcac439106e471585b72589efd80cd0dbe6c200c10fe59090f69"         \
    "313017796982bb0550afcafa40b4b87d4612db47435bc90c6b24c9823fa89f28"         \
    "af3c5fae4647b0ba85708279069ce00b5df0a69e8523569443c9cff58bc83351"         \
    "a474a8bdc21f278fea67549f342b6302034d4b7032fbd0d54fb624caf96c74b8"         \
    "17f659eb25cc05eeebd9c296b6ff7ebb6f5317964881d56b6181f1a62f0391af"         \
    "6c6960fea4c0d33a158151b81237b0a105af393f344cc85a8de586c62946f78e"         \
    "01161b860ac00c27ac9f9f1be37f26632b3238201e8fac74155fe8037cdb063d"

#define RS256                                                                  \
    "b552422831c70ba704a4eac1435457efdf154fbd3eb9bbfcea2c506cb9b18c95"         \
    "bd79e673995db7c420754ed6e7f69a4f4a8b60e887e5bfa256c1dd12de89b3af"         \
    "fd6767943664bbf0a298a732a95b9d7d29b34cf418bf16458e78a49c374a7bc1"         \
    "919ffd31207c995f58fde53e10e261c4f8755c2a0eb5b4740e9e9df340943c6c"         \
    "87c8218c05b79feb3e6324967a387502681b48636368304e36d90a4a1546605f"         \
    "7ed9dc8a650ee19c07e6d3b818f67c86c55148e645e8ddb318e2a4015ebe0287"         \
    "1b5596c4af664fc2b89a8dfc9affc0580c461cc2e61083ca413f2e83d0673a53"         \
    "66b33b1dc98e12f362f2657b36f40a8f376052e3261f6a074d153c57adc09683"

#define PKCS1_SHA384                                                           \
    "324457eff3323e578ab1585b74da167c6ea0bad538eebe18aaa8a7153b79bfef"         \
    "c9f47e2ffbd493adb5f8b06ec1ba67ccde79e78f1aeba732b2b15e44b336cc04"         \
    "23ea776923cd6f1df5a1521c3ad5ec8928b1dfafa4f5ee79c298ae65eb18e0c4"         \
    "025dcc9e4af333bfd014971b938991cf7c36c5544d218693be5e3f10f77ea223"         \
    "eda02cdae590143f3bcfd06c8b0272d6a4b6eaf5190e4e2e1ac827e478374e53"         \
    "c79456db47e42aa6a279adda213698e3b6c88e992712ceff941930791da30e48"         \
    "4967f4dc69de4477bae851f98a2adb172afce02cdd266af47da9173911888769"         \
    "2454fe6a7f4612432ccd72df74197fe65148a7e0ad8e19861ea061d8d5ec61eb"

#define PKCS1_NO_NULL                                                          \
    "67a682da4f4db06a10456ef75daed590473cd79e5e3d8ab90411c44a0eeaca93"         \
    "a6ce742dd180ea95fed27e85de0b72d060ad412cf8acb745c35d93c654590712"         \
    "904bb5fd4b69d18154e19520e2c739772f1d1d5539aada817decf4be24c0b1d2"         \
    "bacb30ddf4598b7e105d9db0b4168ccd6bef38052c1a2a95fd50fa8a0d73affe"         \
    "b2db6a1d949c50f3fc7beb4ef5ee8812d3529f20e1a9f0eb6d6a822d8a36bec4"         \
    "3b5fdb8ca1992bb57a91471b0425f1fa91e1c0eec6787986453da9970dd5445e"         \
    "6965b85c92e1a306cbcf068b8af8c8acec8c32070f0ea5beb43080063637cbe2"         \
    "3b5e315343ef417b2336be0784ec5bb9c5680dd9d5e0aa8a7f78ce0747a66d3f"

#define PKCS1_BARE_HASH                                                        \
    "51453831addbd7f298019f38757839967bee598f58392799c41c79d3a1ecabc2"         \
    "9d3b753b6800e2fc84ead84abb8a89e61d6a0d9921657ad206fd71363d6978ac"         \
    "74cac0c4c05547c0cc97e2b9f0daa183cc38f755040ff97b235f193db60b4fa1"         \
    "1a0e84217a0ca36b8f59e1ddccf567e61192e8b341ca56eb8048bc9bccc71e64"         \
    "d7d08b124c0d6799e158489c6a40b9d707a82f785127e808e1d2b182316c5d59"         \
    "ed38b2acf14250aebedc29054d138ef02c7296e13a78b2157aea87ebe80dc2f0"         \
    "54058f1bec32de3d078f90b490db9a3de82f2e1c5b8af3ce137907d40cd84320"         \
    "8081980b5e532ce9c223bbf40c7a3a656ddc88d32f7221f89ba2eda0d4dadc49"

#endif
