module.exports = { name: 'winograd_nd', napi_versions: [8] };
